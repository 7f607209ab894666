/** Start the dock before all tests, and end it after them. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, URL } from "node:url";
import { VARIABLE } from "./dock";

const root = fileURLToPath(new URL("../..", import.meta.url));

export default async function setUp(): Promise<(() => Promise<void>) | undefined> {
  // One that somebody keeps running while writing tests: what `dock.py` has told.
  if (process.env[VARIABLE] !== undefined) return undefined;
  if (!existsSync(join(root, "src/beimingwu/web/static/index.html")))
    throw new Error("The web app was not built: run `npm run build`, or `make build`.");
  const python = process.env["PYTHON"] ?? join(root, ".venv/bin/python");
  if (!existsSync(python))
    throw new Error(`There is no ${python}: run \`make setup\`, or name another by PYTHON.`);
  const folder = mkdtempSync(join(tmpdir(), "dock-e2e-"));
  // Its address is in pictures.
  const port = process.env["PICTURES"] === undefined ? [] : ["8088"];
  const dock = spawn(python, [join(root, "frontend/e2e/dock.py"), folder, ...port], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let said = "";
  dock.stderr.on("data", (data: Buffer) => (said += data.toString()));
  const ended = new Promise<void>((resolve) => dock.once("exit", () => resolve()));
  const line = await Promise.race([
    new Promise<string>((resolve) => createInterface(dock.stdout).once("line", resolve)),
    ended.then(() => {
      rmSync(folder, { recursive: true, force: true });
      throw new Error(`The dock for the tests has ended:\n${said}`);
    }),
  ]);
  process.env[VARIABLE] = line;
  return async () => {
    dock.stdin.end();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
}

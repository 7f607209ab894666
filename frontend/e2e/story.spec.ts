/** From an account to a learnware that somebody else finds with data that never leaves their machine. */
import { readFileSync } from "node:fs";
import { Uint8ArrayReader, ZipReader } from "@zip.js/zip.js";
import { emailOf, file, linkInMail, signIn } from "./dock";
import { expect, test } from "./fixtures";

/** The files of a zip, each with what it can be told apart by. */
async function contents(path: string): Promise<Map<string, number | undefined>> {
  const zip = new ZipReader(new Uint8ArrayReader(readFileSync(path)));
  const entries = await zip.getEntries();
  await zip.close();
  return new Map(entries.map((entry) => [entry.filename, entry.signature]));
}

test("somebody registers, confirms, submits, and somebody else finds and downloads it", async ({
  page,
  another,
}) => {
  await page.goto("/");
  await page.getByRole("banner").getByRole("link", { name: "Register" }).click();
  await page.getByLabel("User name").fill("nora");
  await page.getByLabel("E-mail address").fill(emailOf("nora"));
  await page.getByLabel("Password", { exact: true }).fill("several words do well");
  await page.getByRole("button", { name: "Register" }).click();
  await expect(page.getByRole("heading", { name: "Look into your mail" })).toBeVisible();

  await page.goto(await linkInMail(emailOf("nora"), "confirm-email"));
  await expect(page.getByText("Your address is confirmed.")).toBeVisible();
  // The code is used up and does not stay in the address.
  expect(page.url()).not.toContain("code=");
  await page.getByRole("main").getByRole("link", { name: "Sign in" }).click();
  await page.getByLabel("E-mail address").fill(emailOf("nora"));
  await page.getByLabel("Password", { exact: true }).fill("several words do well");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("button", { name: "Account of nora" })).toBeVisible();

  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Submit" }).click();
  await page.getByLabel("Drop the zip of a learnware").setInputFiles(file("penguins.zip"));
  await expect(page.getByText("penguins.zip is in order")).toBeVisible();
  await expect(page.getByText("penguins.zip is uploaded", { exact: true })).toBeVisible();
  await page.getByRole("link", { name: "Next: Description" }).click();
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Penguins of three islands");
  await page.getByRole("link", { name: "Next: Inputs and outputs" }).click();
  await expect(page.getByLabel("Number of columns")).toHaveValue("4");
  await page.getByRole("link", { name: "Next: Submit" }).click();
  await page.getByRole("button", { name: "Submit", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Penguins of three islands");
  // The state, the log and the report come by themselves.
  await expect(page.getByText("It is verified, and everybody can find it.")).toBeVisible({ timeout: 90_000 });
  await expect(page.getByRole("log")).not.toBeEmpty();
  await expect(page.getByText("All checks passed").first()).toBeVisible();
  const learnwareId = /submit\/(\d+)\//.exec(page.url())?.[1] ?? "";

  const guest = await another();
  const sent: string[] = [];
  guest.on("request", (request) => sent.push(`${request.url()}\n${request.postData() ?? ""}`));
  await guest.goto("/search");
  await guest.getByLabel("Drop a CSV file or a specification").setInputFiles(file("birds.csv"));
  // The column that is to be predicted is found and left out.
  await expect(guest.getByText("4 of 5 columns are used.")).toBeVisible();
  await guest.getByRole("button", { name: "Compute the specification" }).click();
  await expect(guest.getByRole("heading", { name: "Specification of birds.csv" })).toBeVisible();
  await guest.getByRole("button", { name: "Search" }).click();
  await expect(guest.getByRole("heading", { name: "What fits" })).toBeVisible();
  await expect(guest.getByText("Recommended: one learnware")).toBeVisible();
  await expect(guest.getByRole("link", { name: "Penguins of three islands" }).first()).toBeVisible();

  // The table stays where it is: what was sent has none of its numbers, and no text of it.
  expect(sent.some((request) => request.includes("/api/v1/search"))).toBe(true);
  const rows = readFileSync(file("birds.csv"), "utf8").trim().split("\n").slice(1);
  const numbers = rows.flatMap((row) => row.trim().split(",").slice(0, 4));
  expect(numbers).toHaveLength(4 * 240);
  const all = sent.join("\n");
  expect(numbers.filter((number) => all.includes(number))).toEqual([]);
  expect(all).not.toContain("Chinstrap");

  await guest.goto(`/learnwares/${learnwareId}`);
  await expect(guest.getByRole("heading", { level: 1, name: "Penguins of three islands" })).toBeVisible();
  const downloading = guest.waitForEvent("download");
  await guest.getByRole("link", { name: "Download", exact: true }).click();
  // The dock writes its own number and the texts of the form into the package; all else is as it was.
  const written = ["learnware.yaml", "semantic_specification.json"];
  const wanted = await contents(file("penguins.zip"));
  const found = await contents(await (await downloading).path());
  expect([...found.keys()].sort()).toEqual([...wanted.keys()].sort());
  for (const [name, sum] of wanted) {
    if (!written.includes(name)) expect(found.get(name), name).toBe(sum);
  }

  // Its developer is told.
  await page.goto("/mine/notifications");
  await expect(
    page.getByRole("link", { name: "Penguins of three islands: version 1 is verified" }),
  ).toBeVisible();
});

test("somebody who forgot the password chooses a new one", async ({ page, watch }) => {
  watch.expect(401, /web-session/);
  await page.goto("/sign-in");
  await page.getByLabel("E-mail address").fill(emailOf("dino"));
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  // What was typed is still there.
  await expect(page.getByLabel("E-mail address")).toHaveValue(emailOf("dino"));
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await page.getByLabel("E-mail address").fill(emailOf("dino"));
  await page.getByRole("button", { name: "Send the mail" }).click();
  await page.goto(await linkInMail(emailOf("dino"), "reset-password"));
  await page.getByLabel("New password").fill("correct horse battery");
  await page.getByRole("button", { name: "Set the password" }).click();
  await expect(page.getByText("The password is set")).toBeVisible();
  await signIn(page, "dino");
});

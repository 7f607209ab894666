/** The dock that `setup.ts` has started: where it is, its mails, its people; it can be stopped and started again. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type APIRequestContext, type Page } from "@playwright/test";

/** The variable in which `setup.ts` tells the tests of the dock. */
export const VARIABLE = "LEARNWARE_E2E_DOCK";

interface Told {
  address: string;
  pid: number;
  log: string;
  files: string;
  password: string;
}

export type Person = "root" | "dora" | "dino" | "uma";

function told(): Told {
  const value = process.env[VARIABLE];
  if (value === undefined) throw new Error("no dock was started");
  return JSON.parse(value) as Told;
}

export const address = (): string => told().address;
export const password = (): string => told().password;
export const emailOf = (name: string): string => `${name}@example.org`;
/** A file that tests choose, see `packages.py`. */
export const file = (name: string): string => join(told().files, name);

/** Wait for the mail to somebody that has a link to a page; return the link. */
export async function linkInMail(to: string, page: string): Promise<string> {
  let link: string | undefined;
  await expect(() => {
    const found = readFileSync(told().log, "utf8")
      .split("\n")
      .filter((line) => line.includes('"event": "mail"'))
      .map((line) => JSON.parse(line) as { to: string; text: string })
      .filter((mail) => mail.to === to)
      .map((mail) => mail.text.split(/\s/).find((word) => word.startsWith(`${address()}/${page}?`)));
    link = found.at(-1);
    expect(link, `a mail to ${to} with a link to ${page}`).toBeDefined();
  }).toPass();
  return link ?? "";
}

/** Sign in without the form, as somebody who did so before. */
export async function signIn(page: Page, name: string): Promise<void> {
  const answer = await page.request.post(`${address()}/api/v1/web-session`, {
    data: { email: emailOf(name), password: password() },
    headers: { Origin: address() },
  });
  expect(answer.status(), await answer.text()).toBe(201);
}

/** End all sessions of somebody who is signed in, as another browser of theirs would. */
export async function endSession(request: APIRequestContext): Promise<void> {
  const answer = await request.delete(`${address()}/api/v1/web-session`, { headers: { Origin: address() } });
  expect(answer.status()).toBe(204);
}

/** End the dock in an orderly way, and wait until nobody answers. */
export async function stopDock(): Promise<void> {
  process.kill(told().pid, "SIGUSR1");
  await expect.poll(answers, { timeout: 60_000 }).toBe(false);
}

/** Start it again, and wait until it answers. */
export async function startDock(): Promise<void> {
  process.kill(told().pid, "SIGUSR2");
  await expect.poll(answers, { timeout: 120_000 }).toBe(true);
}

async function answers(): Promise<boolean> {
  try {
    return (await fetch(`${address()}/readyz`)).ok;
  } catch {
    return false;
  }
}

/** Uploads that are broken off: by a reload, by the end of the session, by a restart of the dock. */
import type { Page } from "@playwright/test";
import { endSession, file, password, emailOf, signIn, startDock, stopDock } from "./dock";
import { expect, test } from "./fixtures";

/** As a slow line: an upload takes a while then. */
async function slowly(page: Page, bytesPerSecond: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: bytesPerSecond,
  });
}

/** Choose a zip, and wait until a part of it is at the dock. */
async function uploadSomeOf(page: Page, name: string): Promise<void> {
  await page.goto("/submit");
  await slowly(page, 6 * 2 ** 20);
  await page.getByLabel("Drop the zip of a learnware").setInputFiles(file(name));
  const bar = page.getByRole("region", { name: `Upload of ${name}` });
  await expect(bar.getByText(`Uploading ${name}`)).toBeVisible();
  await expect(bar.getByText(/ a second · about/)).toBeVisible();
  await expect
    .poll(async () => Number(await bar.getByRole("progressbar").getAttribute("aria-valuenow")))
    .toBeGreaterThan(35);
}

test("an upload goes on after the page was loaded anew, and can pause", async ({ page }) => {
  await signIn(page, "dora");
  await uploadSomeOf(page, "seabirds.zip");
  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.getByText("The upload of seabirds.zip pauses")).toBeVisible();
  await page.getByRole("button", { name: "Go on" }).click();
  await expect(page.getByText("Uploading seabirds.zip")).toBeVisible();

  // Whoever closes the page is asked first, since something would be broken off.
  const asked = page.waitForEvent("dialog");
  const reloading = page.reload();
  const dialog = await asked;
  expect(dialog.type()).toBe("beforeunload");
  await dialog.accept();
  await reloading;

  // What was entered is there; the file has to be chosen again, and what is at the dock is not sent twice.
  const parts: number[] = [];
  page.on("request", (request) => {
    if (request.method() === "PATCH") parts.push(Number(request.headers()["upload-offset"]));
  });
  await page.getByLabel("Choose seabirds.zip again").setInputFiles(file("seabirds.zip"));
  await expect(page.getByText("seabirds.zip is uploaded", { exact: true })).toBeVisible({ timeout: 60_000 });
  expect(parts[0]).toBeGreaterThan(0);

  await page.getByRole("navigation", { name: "Steps" }).getByRole("link", { name: "Submit" }).click();
  await page.getByRole("button", { name: "Submit", exact: true }).click();
  await expect(page.getByText("It is verified, and everybody can find it.")).toBeVisible({ timeout: 90_000 });
});

test("an upload goes on after the dock was started again", async ({ page, watch }) => {
  await signIn(page, "dora");
  await uploadSomeOf(page, "gulls.zip");
  watch.expectOffline();
  await stopDock();
  try {
    await expect(page.getByText("The dock does not answer; it is tried again by itself")).toBeVisible();
  } finally {
    await startDock();
  }
  await expect(page.getByText("gulls.zip is uploaded", { exact: true })).toBeVisible({ timeout: 60_000 });
  // The session has outlived the restart.
  await page.getByRole("navigation", { name: "Steps" }).getByRole("link", { name: "Submit" }).click();
  await page.getByRole("button", { name: "Submit", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Gulls of the northern coast");
});

test("who is signed out meanwhile signs in and goes on with what was entered", async ({ page, watch }) => {
  watch.expect(401, /^\/api\/v1\//);
  await signIn(page, "dora");
  await page.goto("/submit");
  await page.getByLabel("Drop the zip of a learnware").setInputFiles(file("terns.zip"));
  await expect(page.getByText("terns.zip is uploaded", { exact: true })).toBeVisible();
  await page.getByRole("link", { name: "Next: Description" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Terns, which nobody forgets");

  await endSession(page.request);
  await page.getByRole("navigation", { name: "Steps" }).getByRole("link", { name: "Submit" }).click();
  await page.getByRole("button", { name: "Submit", exact: true }).click();
  await page.getByRole("alert").getByRole("link", { name: "Sign in" }).click();
  await page.getByLabel("E-mail address").fill(emailOf("dora"));
  await page.getByLabel("Password", { exact: true }).fill(password());
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Terns, which nobody forgets" })).toBeVisible();
  await page.getByRole("button", { name: "Submit", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Terns, which nobody forgets");
});

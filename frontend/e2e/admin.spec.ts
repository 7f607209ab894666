/** What administrators do, and what others cannot. */
import { readFileSync } from "node:fs";
import { emailOf, file, signIn } from "./dock";
import { expect, test } from "./fixtures";

test("the administration is for administrators only", async ({ page, watch }) => {
  watch.expect(403, /^\/api\/v1\/admin\//);
  await page.goto("/admin");
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await signIn(page, "uma");
  await page.goto("/admin/users");
  await expect(page).toHaveURL("/");
  // What hides the pages is not what keeps people out.
  const answer = await page.request.get("/api/v1/admin/users");
  expect(answer.status()).toBe(403);
});

test("an administrator disables an account, and enables it again", async ({ page, another, watch }) => {
  await signIn(page, "root");
  await page.goto("/admin");
  await expect(page.getByRole("heading", { name: "Dashboard" })).toBeVisible();
  await page.getByRole("navigation", { name: "Administration" }).getByRole("link", { name: "Users" }).click();
  await page.getByRole("link", { name: "uma", exact: true }).click();
  await page.getByRole("button", { name: "Disable" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Disable" }).click();
  await expect(page.getByText("uma is disabled.")).toBeVisible();

  const other = await another();
  watch.expect(403, /web-session/);
  watch.expect(401, /web-session/);
  await other.goto("/sign-in");
  await other.getByLabel("E-mail address").fill(emailOf("uma"));
  await other.getByLabel("Password", { exact: true }).fill("correct horse battery");
  await other.getByRole("button", { name: "Sign in" }).click();
  await expect(other.getByRole("alert")).toBeVisible();

  await page.getByRole("button", { name: "Enable" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Enable" }).click();
  await expect(page.getByText("uma is enabled.")).toBeVisible();
  await other.getByRole("button", { name: "Sign in" }).click();
  await expect(other.getByRole("button", { name: "Account of uma" })).toBeVisible();

  await page.getByRole("link", { name: "Audit log" }).click();
  await expect(page.getByRole("cell", { name: "Account disabled" }).first()).toBeVisible();
});

test("an administrator keeps a word out, and adds a data set", async ({ page, another, watch }) => {
  await signIn(page, "root");
  await page.goto("/admin/words");
  await page.getByLabel("Word", { exact: true }).fill("terns");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await expect(page.getByText("Submissions with the word terns are refused from now on.")).toBeVisible();

  const developer = await another();
  watch.expect(422, /^\/api\/v1\/learnwares$/);
  await signIn(developer, "dino");
  await developer.goto("/submit");
  await developer.getByLabel("Drop the zip of a learnware").setInputFiles(file("terns.zip"));
  await expect(developer.getByText("terns.zip is uploaded", { exact: true })).toBeVisible();
  await developer.getByRole("navigation", { name: "Steps" }).getByRole("link", { name: "Submit" }).click();
  await developer.getByRole("button", { name: "Submit", exact: true }).click();
  await expect(developer.getByRole("alert")).toContainText("terns");

  await page.getByRole("button", { name: "Remove terns?" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await expect(page.getByText("terns is removed.")).toBeVisible();

  await page.getByRole("link", { name: "Data sets" }).click();
  await page.getByRole("button", { name: "Add a data set" }).click();
  await page.getByLabel("Drop a file here, or choose one").setInputFiles(file("birds.csv"));
  await page.getByLabel("Path", { exact: true }).fill("penguins/birds.csv");
  await page.getByRole("button", { name: /^Add \(/ }).click();
  await expect(page.getByText("penguins/birds.csv is added.")).toBeVisible();
  const downloading = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download penguins/birds.csv" }).click();
  expect(readFileSync(await (await downloading).path())).toEqual(readFileSync(file("birds.csv")));
});

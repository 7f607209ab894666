/** Both languages, both themes, a phone. */
import { emailOf, linkInMail } from "./dock";
import { expect, test } from "./fixtures";

test("the whole way in Chinese, mails and errors of the dock included", async ({ page, watch }) => {
  watch.expect(422, /accounts/);
  await page.goto("/");
  await page.getByRole("button", { name: "Language" }).click();
  await page.getByRole("menuitem", { name: "中文" }).click();
  await expect(page.locator("html")).toHaveAttribute("lang", "zh-CN");
  await page.goto("/register");
  // The choice is kept.
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/\p{Script=Han}/u);
  const [name, mail, secret] = await page.getByRole("main").getByRole("textbox").all();
  await name?.fill("wang");
  await mail?.fill(emailOf("wang"));
  await secret?.fill("short");
  await page.getByRole("main").getByRole("button", { name: /注册/ }).click();
  const field = page.getByRole("main").locator("[aria-invalid=true]");
  await expect(field).toHaveCount(1);
  await expect(field).toHaveAccessibleDescription(/\p{Script=Han}/u);
  await secret?.fill("several words do well");
  await page.getByRole("main").getByRole("button", { name: /注册/ }).click();
  await page.goto(await linkInMail(emailOf("wang"), "confirm-email"));
  await expect(
    page
      .getByRole("status")
      .filter({ hasText: /\p{Script=Han}/u })
      .first(),
  ).toBeVisible();
  for (const path of ["/", "/explore", "/search", "/world", "/help", "/api-reference"]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(/\p{Script=Han}/u);
  }
});

test("the theme is the system's until one is chosen, and the choice is kept", async ({ page }) => {
  const canvas = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.goto("/");
  const light = await canvas();
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await canvas();
  expect(dark).not.toBe(light);
  await page.getByRole("button", { name: "Theme" }).click();
  await page.getByRole("menuitem", { name: "Light" }).click();
  await expect.poll(canvas).toBe(light);
  await page.reload();
  expect(await canvas()).toBe(light);
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test("one finds one's way, signs in, and searches", async ({ page }) => {
    await page.goto("/");
    await page.getByRole("button", { name: "Open the menu" }).tap();
    await page.getByRole("link", { name: "Sign in" }).tap();
    await page.getByLabel("E-mail address").fill(emailOf("uma"));
    await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
    await page.getByRole("button", { name: "Sign in" }).tap();
    await expect(page.getByRole("button", { name: "Account of uma" })).toBeVisible();
    await page.getByRole("button", { name: "Open the menu" }).tap();
    await page.getByRole("link", { name: "Explore" }).first().tap();
    await page.getByRole("button", { name: /^Filters/ }).tap();
    await page.getByRole("dialog").getByText("Regression", { exact: false }).first().tap();
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /^Show \d+|^Show one/ })
      .tap();
    await expect(page).toHaveURL(/task_type=Regression/);
  });
});

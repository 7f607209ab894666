/**
 * What every test holds the web app to, besides what it is about: nothing goes wrong in the console, nothing is kept
 * out by the Content-Security-Policy, no request leaves the dock's own origin, and the dock refuses nothing that the
 * test does not expect.
 */
import { test as base, expect, type BrowserContext, type Page } from "@playwright/test";
import { address } from "./dock";

export { expect };

/** What a test expects to go wrong. */
export class Watch {
  readonly #found: string[] = [];
  readonly #expected: { status: number; path: RegExp }[] = [];
  #offline = false;

  /** The dock refuses requests of this address, and is right to. */
  expect(status: number, path: RegExp): void {
    this.#expected.push({ status, path });
  }

  /** The dock does not answer from now on, and it is the test that has stopped it. */
  expectOffline(): void {
    this.#offline = true;
  }

  /** Listen to a context, and to every page in it. */
  async attach(context: BrowserContext): Promise<void> {
    await context.exposeBinding("__violated", (_, text: string) => void this.#found.push(`policy: ${text}`));
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        const tell = (window as unknown as { __violated: (text: string) => void }).__violated;
        tell(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile ?? ""}`);
      });
    });
    context.on("console", (message) => {
      if (!["error", "warning"].includes(message.type())) return;
      // Said of every answer from 400 on; those are looked at below.
      if (message.text().startsWith("Failed to load resource")) return;
      this.#found.push(`console: ${message.text()}`);
    });
    context.on("weberror", (error) =>
      this.#found.push(`error: ${error.error().stack ?? error.error().message}`),
    );
    context.on("request", (request) => {
      const url = new URL(request.url());
      if (["data:", "blob:"].includes(url.protocol) || url.origin === address()) return;
      this.#found.push(`another origin: ${request.url()}`);
    });
    context.on("response", (response) => {
      const { pathname } = new URL(response.url());
      if (response.status() < 400) return;
      const known = this.#expected.some((one) => one.status === response.status() && one.path.test(pathname));
      if (!known && !(this.#offline && response.status() === 503))
        this.#found.push(`${String(response.status())}: ${response.request().method()} ${pathname}`);
    });
  }

  /** Fail if something has gone wrong. */
  check(): void {
    expect(this.#found).toEqual([]);
  }
}

interface Fixtures {
  watch: Watch;
  /** Another browser, of somebody else. */
  another: () => Promise<Page>;
}

export const test = base.extend<Fixtures>({
  baseURL: async ({}, use) => use(address()), // eslint-disable-line no-empty-pattern -- Playwright reads the pattern
  watch: [
    async ({ context }, use) => {
      const watch = new Watch();
      await watch.attach(context);
      await use(watch);
      watch.check();
    },
    { auto: true },
  ],
  another: async ({ browser, watch, contextOptions }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async () => {
      const context = await browser.newContext({ ...contextOptions, baseURL: address() });
      contexts.push(context);
      await watch.attach(context);
      return context.newPage();
    });
    await Promise.all(contexts.map((context) => context.close()));
  },
});

import { describe, expect, it } from "vitest";
import { programOf } from "./program";

const WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)";

describe("programOf", () => {
  it.each([
    [`Mozilla/5.0 (X11; Linux x86_64) ${WEBKIT} Chrome/156.0.0.0 Safari/537.36`, "Chrome 156", "Linux"],
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/156.0 Safari/537.36 Edg/156.0`,
      "Edge 156",
      "Windows",
    ],
    ["Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox 140", "Windows"],
    [
      `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${WEBKIT} Version/18.1 Safari/605.1`,
      "Safari 18",
      "macOS",
    ],
    [
      `Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) ${WEBKIT} Version/18.1 Mobile/15E148 Safari/604.1`,
      "Safari 18",
      "iOS",
    ],
    [
      `Mozilla/5.0 (Linux; Android 15; Pixel 9) ${WEBKIT} Chrome/150.0 Mobile Safari/537.36`,
      "Chrome 150",
      "Android",
    ],
  ])("reads %s", (userAgent, browser, system) => {
    expect(programOf(userAgent)).toEqual({ browser, system });
  });

  it.each(["", "learnware/0.5 python-httpx2", "curl/8.5.0", "Chrome/1"])(
    "leaves %j as it is",
    (userAgent) => {
      expect(programOf(userAgent)).toBeNull();
    },
  );
});

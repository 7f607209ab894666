import type { HttpRequest, HttpResponse } from "tus-js-client";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Transfer, type Facts, type Means } from "./transfer";

/** A dock that knows uploads, and what else it answers. */
class FakeDock {
  uploads = new Map<string, { size: number; received: number; metadata: string }>();
  /** What is answered instead, first to last; `null`: as it should be; `"down"`: nobody answers. */
  trouble: (null | "down" | { status: number; kind?: string; takes?: number })[] = [];
  requests: string[] = [];

  answer(method: string, url: string, headers: Map<string, string>, body: Blob | null): HttpResponse {
    this.requests.push(`${method} ${url.replace(/^https?:\/\/[^/]+/, "")}`);
    const wrong = this.trouble.shift() ?? null;
    const upload = this.uploads.get(url.split("/").at(-1) ?? "");
    if (wrong === "down") throw new Error("nobody answers");
    if (wrong) {
      // What had arrived before the line broke counts.
      if (upload && wrong.takes) upload.received += wrong.takes;
      if (wrong.status === 0) throw new Error("the line broke");
      return response(wrong.status, {}, JSON.stringify({ type: `/api/v1/problems/${wrong.kind ?? "some"}` }));
    }
    if (method === "POST") {
      const name = `u${String(this.uploads.size + 1)}`;
      const size = Number(headers.get("Upload-Length"));
      this.uploads.set(name, { size, received: 0, metadata: headers.get("Upload-Metadata") ?? "" });
      return response(201, { Location: `/api/v1/uploads/${name}`, "Upload-Offset": "0" });
    }
    if (!upload) return response(404, {});
    if (method === "PATCH") {
      if (Number(headers.get("Upload-Offset")) !== upload.received) return response(409, {}, "{}");
      upload.received += body?.size ?? 0;
      return response(204, { "Upload-Offset": String(upload.received) });
    }
    return response(200, { "Upload-Offset": String(upload.received), "Upload-Length": String(upload.size) });
  }
}

function response(status: number, headers: Record<string, string>, body = ""): HttpResponse {
  return {
    getStatus: () => status,
    getHeader: (name) => headers[name],
    getBody: () => body,
    getUnderlyingObject: () => null,
  };
}

function means(dock: FakeDock): Means {
  return {
    hash: () => Promise.resolve("ab".repeat(32)),
    tus: {
      retryDelays: [0, 0, 0],
      chunkSize: 400,
      fingerprint: () => Promise.resolve(""),
      fileReader: {
        openFile: (file: Blob) =>
          Promise.resolve({
            size: file.size,
            slice: (start: number, end: number) =>
              Promise.resolve({ value: file.slice(start, end), done: end >= file.size }),
            close: () => undefined,
          }),
      },
      httpStack: {
        getName: () => "fake",
        createRequest: (method: string, url: string): HttpRequest => {
          const headers = new Map<string, string>();
          let aborted = false;
          return {
            getMethod: () => method,
            getURL: () => url,
            setHeader: (name, value) => void headers.set(name, value),
            getHeader: (name) => headers.get(name),
            setProgressHandler: () => undefined,
            send: async (body: Blob | null) => {
              await Promise.resolve();
              return aborted ? new Promise(() => undefined) : dock.answer(method, url, headers, body);
            },
            abort: () => {
              aborted = true;
              return Promise.resolve();
            },
            getUnderlyingObject: () => null,
          };
        },
      },
    },
  };
}

const NEW: Facts = { sha256: null, url: null, complete: false };
const file = (size = 1_000) => new File([new Uint8Array(size)], "iris.zip");

function transfer(dock: FakeDock, facts: Facts = NEW, of = file()) {
  const kept: Facts[] = [];
  const made = new Transfer(of, facts, (now) => kept.push(now), means(dock));
  return { made, kept, until: (phase: string) => vi.waitFor(() => expect(made.state.phase).toBe(phase)) };
}

afterEach(() => vi.unstubAllGlobals());

describe("a transfer", () => {
  it("sends a file in chunks, with its name and SHA-256, and keeps what is needed to go on", async () => {
    const dock = new FakeDock();
    const { made, kept, until } = transfer(dock);
    await made.start();
    await until("done");
    expect(dock.uploads.get("u1")?.received).toBe(1_000);
    expect(dock.uploads.get("u1")?.metadata).toBe(
      `filename ${btoa("iris.zip")},sha256 ${btoa("ab".repeat(32))}`,
    );
    expect(kept.at(-1)).toEqual({ sha256: "ab".repeat(32), url: "/api/v1/uploads/u1", complete: true });
    expect(made.uploadId).toBe("u1");
    expect(made.state.sent).toBe(1_000);
  });

  it("goes on where it stopped after the page was loaded anew", async () => {
    const dock = new FakeDock();
    dock.uploads.set("u1", { size: 1_000, received: 700, metadata: "" });
    const { made, until } = transfer(dock, { sha256: "cd", url: "/api/v1/uploads/u1", complete: false });
    await made.start();
    await until("done");
    expect(dock.requests).toEqual(["HEAD /api/v1/uploads/u1", "PATCH /api/v1/uploads/u1"]);
  });

  it("goes on with what has arrived when the dock restarts, and never begins another upload for that", async () => {
    const dock = new FakeDock();
    dock.trouble = [null, null, { status: 0, takes: 100 }, { status: 503 }, { status: 502 }];
    const { made, until } = transfer(dock);
    await made.start();
    await until("done");
    expect(dock.requests.filter((one) => one.startsWith("POST"))).toHaveLength(1);
    expect(dock.uploads.get("u1")?.received).toBe(1_000);
  });

  it("fails when nobody answers for long, and goes on when it is told to", async () => {
    const dock = new FakeDock();
    dock.trouble = [null, null, ...Array.from({ length: 4 }, () => "down" as const)];
    const { made, until } = transfer(dock);
    await made.start();
    await until("failed");
    expect(made.state.problem?.kind).toBe("unreachable");
    await made.start();
    await until("done");
    expect(dock.uploads.size).toBe(1);
  });

  it("waits for somebody to sign in, and goes on", async () => {
    const dock = new FakeDock();
    dock.trouble = [null, { status: 401, kind: "not-authenticated" }];
    const { made, until } = transfer(dock);
    await made.start();
    await until("signed-out");
    await made.start();
    await until("done");
    expect(dock.uploads.size).toBe(1);
  });

  it("begins again where the dock has forgotten the upload", async () => {
    const dock = new FakeDock();
    const { made, kept, until } = transfer(dock, {
      sha256: "cd",
      url: "/api/v1/uploads/gone",
      complete: false,
    });
    await made.start();
    await until("done");
    expect(kept.at(-1)?.url).toBe("/api/v1/uploads/u1");
  });

  it("does not begin again for ever", async () => {
    const dock = new FakeDock();
    dock.trouble = Array.from({ length: 20 }, (_, index) => (index % 2 ? { status: 404 } : null));
    const { made, until } = transfer(dock);
    await made.start();
    await until("failed");
    expect(dock.uploads.size).toBeLessThan(6);
  });

  it("says what the dock refuses it for", async () => {
    const dock = new FakeDock();
    dock.trouble = [{ status: 409, kind: "quota-exceeded" }];
    const { made, until } = transfer(dock);
    await made.start();
    await until("failed");
    expect(made.state.problem?.kind).toBe("quota-exceeded");
    expect(dock.requests).toHaveLength(1);
  });

  it("asks for the file again where its content is not what was announced", async () => {
    const dock = new FakeDock();
    dock.trouble = [null, null, null, { status: 422, kind: "content-mismatch" }];
    const { made, kept, until } = transfer(dock);
    await made.start();
    await until("changed");
    expect(kept.at(-1)).toEqual({ sha256: null, url: null, complete: false });
  });

  it("notices that the file can no longer be read", async () => {
    const dock = new FakeDock();
    const moved = file();
    moved.slice = () =>
      ({
        arrayBuffer: () => Promise.reject(new DOMException("gone", "NotReadableError")),
      }) as unknown as Blob;
    dock.trouble = [null, "down", "down", "down", "down"];
    const { made, until } = transfer(dock, NEW, moved);
    await made.start();
    await until("changed");
  });

  it("stops for a pause and goes on after it", async () => {
    const dock = new FakeDock();
    const { made, until } = transfer(dock);
    await made.start();
    made.pause();
    expect(made.state.phase).toBe("paused");
    await made.start();
    await until("done");
    expect(dock.uploads.size).toBeLessThan(3);
  });
});

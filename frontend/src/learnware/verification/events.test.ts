import { describe, expect, it } from "vitest";
import { NOTHING_SEEN, readEvent, stagesOf, type Seen } from "./events";

const line = (seen: Seen, id: string, text: string) =>
  readEvent(
    seen,
    "line",
    JSON.stringify({ number: Number(id.split("-")[1]), at: "2026-11-21T12:00:00Z", text }),
    id,
  );

describe("readEvent", () => {
  it("collects state and lines", () => {
    let seen = readEvent(NOTHING_SEEN, "status", '{"status": "PROCESSING", "attempts": 1}', "");
    seen = line(line(seen, "12-1", "package: started"), "12-2", "package: finished ok");
    expect(seen.status).toBe("PROCESSING");
    expect(seen.lines.map((one) => one.text)).toEqual(["package: started", "package: finished ok"]);
    expect(readEvent(seen, "end", '{"status": "SUCCESS"}', "12-2")).toMatchObject({
      status: "SUCCESS",
      over: true,
    });
  });

  it("takes a line once, however often the connection is made anew", () => {
    let seen = line(line(NOTHING_SEEN, "12-9", "nine"), "12-10", "ten");
    for (const [id, text] of [
      ["12-9", "nine"],
      ["12-10", "ten"],
      ["12-11", "eleven"],
    ] as const)
      seen = line(seen, id, text);
    expect(seen.lines.map((one) => one.number)).toEqual([9, 10, 11]);
  });

  it("goes on with the first line of another try", () => {
    const seen = line(line(NOTHING_SEEN, "9-40", "lost"), "10-1", "anew");
    expect(seen.lines.map((one) => one.attempt)).toEqual([9, 10]);
  });

  it("is not over any more when it is verified again", () => {
    const seen = readEvent(NOTHING_SEEN, "end", '{"status": "FAIL"}', "");
    expect(readEvent(seen, "status", '{"status": "WAITING", "attempts": 0}', "").over).toBe(false);
  });
});

describe("stagesOf", () => {
  it("tells how far each part of the newest try is", () => {
    const texts = [
      "package: started",
      "package: finished ok",
      "pickles: finished not checked",
      "environment: started",
      "environment: building numpy==2.0",
    ];
    const seen = texts.reduce(
      (all, text, index) => line(all, `3-${String(index + 1)}`, text),
      line(NOTHING_SEEN, "2-1", "trial: started"),
    );
    expect(stagesOf(seen.lines)).toEqual({
      package: "ok",
      semantic: "waiting",
      statistical: "waiting",
      pickles: "not checked",
      environment: "working",
      trial: "waiting",
    });
  });

  it("is not led astray by the report in words at the end", () => {
    const seen = ["trial: started", "trial: finished wrong", "trial: the model answers with text"].reduce(
      (all, text, index) => line(all, `3-${String(index + 1)}`, text),
      NOTHING_SEEN,
    );
    expect(stagesOf(seen.lines).trial).toBe("wrong");
  });
});

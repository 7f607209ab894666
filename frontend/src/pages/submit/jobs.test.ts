import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { emptyForm, toSemantic } from "@/learnware/editor/form";
import { sha256Of } from "@/upload/hash";
import { check, type Checked } from "./checking";
import { newDraft, useDraftBox, type Draft } from "./drafts";
import { discard, fillIn, jobOf, needsFile, takeAgain, takeFile, uploadOf } from "./jobs";

const started = vi.hoisted(() => vi.fn());
vi.mock("./checking");
vi.mock("@/upload/hash");
vi.mock("@/upload/transfer", async (original) => ({
  ...(await original<object>()),
  forgetUpload: () => Promise.resolve(),
  Transfer: class {
    state = { phase: "sending" };
    constructor(
      readonly file: File,
      facts: unknown,
    ) {
      started(file.name, facts);
    }
    start = () => Promise.resolve();
    pause = () => undefined;
  },
}));

const inside = { ...emptyForm(), name: "Named in the package" };
const fine: Checked = {
  ok: true,
  findings: [],
  semantic: toSemantic(inside),
  statistical: [],
  files: 1,
  bytes: 4,
};
const zip = (name = "iris.zip", content = "abcd") => new File([content], name);
const box = useDraftBox();
const now = (draft: Draft) => box.drafts.get(draft.id) as Draft;

function draft(changed: Partial<Draft> = {}): Draft {
  const made = { ...newDraft(1), ...changed };
  box.add(made);
  return made;
}

beforeEach(() => {
  vi.mocked(check).mockResolvedValue(fine);
  vi.mocked(sha256Of).mockResolvedValue("abc");
});
afterEach(async () => {
  await Promise.all([...box.drafts.values()].map(discard));
  started.mockClear();
});

describe("a file that is chosen", () => {
  it("is checked, fills the form and begins to be uploaded", async () => {
    const made = draft();
    await takeFile(made.id, zip());
    expect(now(made)).toMatchObject({ file: { name: "iris.zip", size: 4 }, checked: { ok: true } });
    expect(now(made).form.name).toBe("Named in the package");
    expect(started).toHaveBeenCalledWith("iris.zip", { sha256: null, url: null, complete: false });
  });

  it("is not uploaded with mistakes", async () => {
    vi.mocked(check).mockResolvedValue({ ...fine, ok: false });
    const made = draft();
    await takeFile(made.id, zip());
    expect(uploadOf(made.id)).toBeUndefined();
    expect(needsFile(now(made))).toBe(false);
  });

  it("leaves alone what somebody wrote, and the texts of a learnware that is updated", async () => {
    const written = draft({ form: { ...emptyForm(), name: "My own name" } });
    const update = draft({ ...newDraft(1, "00000007"), form: { ...emptyForm(), name: "As it was" } });
    await takeFile(written.id, zip());
    await takeFile(update.id, zip());
    expect([now(written).form.name, now(update).form.name]).toEqual(["My own name", "As it was"]);
    expect(now(update).keepsPackage).toBe(false);
    fillIn(update.id, true);
    expect(now(update).form.name).toBe("Named in the package");
  });

  it("says what kept it from being checked", async () => {
    vi.mocked(check).mockRejectedValue(new Error("no memory"));
    const made = draft();
    await takeFile(made.id, zip());
    expect(jobOf(made.id)).toMatchObject({ doing: null, error: new Error("no memory") });
  });
});

describe("a draft after the page was loaded anew", () => {
  const begun = {
    file: { name: "iris.zip", size: 4 },
    checked: fine,
    upload: { sha256: "abc", url: "/api/v1/uploads/u1", complete: false },
  };

  it("needs its file until all of it is uploaded", () => {
    expect(needsFile(draft(begun))).toBe(true);
    expect(needsFile(draft({ ...begun, upload: { ...begun.upload, complete: true } }))).toBe(false);
    expect(needsFile(draft({ ...begun, keepsPackage: true }))).toBe(false);
    expect(needsFile(draft())).toBe(false);
  });

  it("goes on with the same file where it stopped, whatever it is called now", async () => {
    const made = draft(begun);
    await takeAgain(made.id, zip("renamed.zip"));
    expect(started).toHaveBeenCalledWith("renamed.zip", begun.upload);
    expect(check).not.toHaveBeenCalled();
  });

  it("asks before another file takes its place", async () => {
    vi.mocked(sha256Of).mockResolvedValue("other");
    const made = draft(begun);
    await takeAgain(made.id, zip());
    await takeAgain(made.id, zip("longer.zip", "abcde"));
    expect(started).not.toHaveBeenCalled();
    expect(jobOf(made.id).other?.name).toBe("longer.zip");
    expect(now(made).upload).toEqual(begun.upload);
  });

  it("is checked from the beginning where nothing was uploaded yet", async () => {
    const made = draft({ ...begun, upload: { sha256: null, url: null, complete: false } });
    await takeAgain(made.id, zip());
    expect(check).toHaveBeenCalledOnce();
  });
});

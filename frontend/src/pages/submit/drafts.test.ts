import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { DraftBox, isWritten, newDraft } from "./drafts";

beforeEach(() => vi.stubGlobal("indexedDB", new IDBFactory()));

const form = (name: string) => ({ ...newDraft(1).form, name });

async function reloaded(): Promise<DraftBox> {
  const box = new DraftBox();
  await box.load();
  return box;
}

describe("drafts", () => {
  it("outlive the page, once something was changed", async () => {
    const box = new DraftBox();
    const [written, untouched] = [newDraft(1), newDraft(1)];
    box.add(written);
    box.add(untouched);
    box.change(written.id, { form: form("Iris kinds"), file: { name: "iris.zip", size: 5 } });
    box.change(written.id, { upload: { sha256: "ab", url: "/api/v1/uploads/u1", complete: false } });
    await box.flush();

    const after = await reloaded();
    expect([...after.drafts.keys()]).toEqual([written.id]);
    expect(after.drafts.get(written.id)).toMatchObject({
      form: { name: "Iris kinds" },
      file: { name: "iris.zip", size: 5 },
      upload: { sha256: "ab", url: "/api/v1/uploads/u1" },
    });
  });

  it("are written by themselves soon after", async () => {
    const box = new DraftBox();
    const draft = newDraft(1);
    box.add(draft);
    box.change(draft.id, { form: form("Soon") });
    await vi.waitFor(async () => expect((await reloaded()).drafts.size).toBe(1));
  });

  it("are each account's own, the latest first", async () => {
    const box = new DraftBox();
    const clock = vi.spyOn(Date, "now");
    for (const [index, account] of [1, 2, 1].entries()) {
      clock.mockReturnValue(1_000 + index);
      const draft = newDraft(account);
      box.add(draft);
      box.change(draft.id, { form: form(`draft ${String(index)}`) });
    }
    expect(box.of(1).map((one) => one.form.name)).toEqual(["draft 2", "draft 0"]);
    await box.flush();
    expect((await reloaded()).of(2).map((one) => one.form.name)).toEqual(["draft 1"]);
  });

  it("are gone when they are removed, also while they wait to be written", async () => {
    const box = new DraftBox();
    const draft = newDraft(1);
    box.add(draft);
    box.change(draft.id, { form: form("a") });
    await box.flush();
    box.change(draft.id, { form: form("b") });
    await box.remove(draft.id);
    box.change(draft.id, { form: form("c") });
    await box.flush();
    expect((await reloaded()).drafts.size).toBe(0);
  });

  it("work for as long as the page is open where nothing can be kept", async () => {
    vi.stubGlobal("indexedDB", {
      open: () => {
        throw new DOMException("not here", "SecurityError");
      },
    });
    const box = new DraftBox();
    await box.load();
    const draft = newDraft(1);
    box.add(draft);
    box.change(draft.id, { form: form("here") });
    await box.flush();
    expect(box.kept.value).toBe(false);
    expect(box.of(1)[0]?.form.name).toBe("here");
  });

  it("has one draft for each learnware that is updated", () => {
    expect(newDraft(1, "00000007").id).toBe(newDraft(1, "00000007").id);
    expect(newDraft(1, "00000007").id).not.toBe(newDraft(2, "00000007").id);
    expect(newDraft(1).id).not.toBe(newDraft(1).id);
  });

  it("know what somebody wrote from what was filled in", () => {
    const draft = newDraft(1);
    expect(isWritten(draft)).toBe(false);
    const filled = form("from the package");
    expect(isWritten({ ...draft, form: filled, filled })).toBe(false);
    expect(isWritten({ ...draft, form: form("my words"), filled })).toBe(true);
  });
});

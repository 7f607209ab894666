/**
 * Drafts of submissions, kept in this browser: what was written, and what is known of the package's upload. The file
 * itself is not kept; it is asked for again when the page was loaded anew.
 */
import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import { ref, shallowReactive, toRaw } from "vue";
import { emptyForm, isEmpty, type SemanticForm } from "@/learnware/editor/form";
import type { Facts } from "@/upload/transfer";
import type { Checked } from "./checking";

export interface Draft {
  id: string;
  /** Whose it is: several people may use one browser. */
  account: number;
  /** The learnware that it is a new version of. */
  learnwareId: string | null;
  changedAt: number;
  /** Of a new version: the package stays as it is. */
  keepsPackage: boolean;
  file: { name: string; size: number } | null;
  upload: Facts;
  checked: Checked | null;
  form: SemanticForm;
  /** What was filled in by itself, from a package or the version before: nothing that somebody wrote. */
  filled: SemanticForm;
}

interface Shelf extends DBSchema {
  drafts: { key: string; value: Draft };
}

const DATABASE = "submissions";
const BREAK = 250;

export const NO_UPLOAD: Facts = { sha256: null, url: null, complete: false };

/** Return a draft in which nothing is written yet. */
export function newDraft(account: number, learnwareId: string | null = null): Draft {
  return {
    id: learnwareId === null ? randomId() : `update-${String(account)}-${learnwareId}`,
    account,
    learnwareId,
    changedAt: Date.now(),
    keepsPackage: learnwareId !== null,
    file: null,
    upload: { ...NO_UPLOAD },
    checked: null,
    form: emptyForm(),
    filled: emptyForm(),
  };
}

/** Whether somebody wrote something that filling in by itself would overwrite. */
export function isWritten({ form, filled }: Draft): boolean {
  return !isEmpty(form) && JSON.stringify(form) !== JSON.stringify(filled);
}

/** All drafts of this browser. They are read once, changed in memory, and written soon after each change. */
export class DraftBox {
  readonly drafts = shallowReactive(new Map<string, Draft>());
  /** Whether drafts outlive the page; browsers may forbid it. */
  readonly kept = ref(true);
  #shelf: Promise<IDBPDatabase<Shelf> | null> | null = null;
  #opened: IDBPDatabase<Shelf> | null = null;
  #waiting = new Map<string, ReturnType<typeof setTimeout>>();

  /** Read what is kept. */
  async load(): Promise<void> {
    const shelf = await this.#open();
    if (shelf === null) return;
    for (const draft of await shelf.getAll("drafts")) {
      // What is in memory is newer.
      if (!this.drafts.has(draft.id)) this.drafts.set(draft.id, draft);
    }
  }

  /** The drafts of an account, the latest first. */
  of(account: number): Draft[] {
    return [...this.drafts.values()]
      .filter((one) => one.account === account)
      .sort((a, b) => b.changedAt - a.changedAt);
  }

  /** Take a draft in; it is written when it is changed for the first time. */
  add(draft: Draft): void {
    this.drafts.set(draft.id, draft);
  }

  /** Change a draft that is there still. */
  change(id: string, changed: Partial<Draft>): void {
    const draft = this.drafts.get(id);
    if (draft === undefined) return;
    this.drafts.set(id, { ...draft, ...changed, changedAt: Date.now() });
    clearTimeout(this.#waiting.get(id));
    this.#waiting.set(
      id,
      setTimeout(() => void this.#write(id), BREAK),
    );
  }

  /** Forget a draft. */
  async remove(id: string): Promise<void> {
    this.drafts.delete(id);
    clearTimeout(this.#waiting.get(id));
    this.#waiting.delete(id);
    await (await this.#open())?.delete("drafts", id);
  }

  /** Write at once what was changed: the page may be closed. */
  async flush(): Promise<void> {
    await Promise.all([...this.#waiting.keys()].map((id) => this.#write(id)));
  }

  async #write(id: string): Promise<void> {
    clearTimeout(this.#waiting.get(id));
    this.#waiting.delete(id);
    // At once where it is open: a page that is being closed may not get to what comes later.
    const shelf = this.#opened ?? (await this.#open());
    const draft = this.drafts.get(id);
    if (shelf === null || draft === undefined) return;
    try {
      const writing = shelf.transaction("drafts", "readwrite");
      // Proxies of Vue cannot be stored.
      const put = writing.store.put(JSON.parse(JSON.stringify(toRaw(draft))) as Draft);
      // Where the page is being closed nobody hears that it was put any more, and the transaction would be given up.
      writing.commit();
      await Promise.all([put, writing.done]);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      this.kept.value = false;
    }
  }

  #open(): Promise<IDBPDatabase<Shelf> | null> {
    this.#shelf ??= openShelf().then(
      (shelf) => (this.#opened = shelf),
      (error: unknown) => {
        if (!(error instanceof DOMException || error instanceof ReferenceError)) throw error;
        // Some browsers keep nothing in private windows; the page says so.
        this.kept.value = false;
        return null;
      },
    );
    return this.#shelf;
  }
}

async function openShelf(): Promise<IDBPDatabase<Shelf>> {
  return await openDB<Shelf>(DATABASE, 1, {
    upgrade: (shelf) => void shelf.createObjectStore("drafts", { keyPath: "id" }),
  });
}

let box: DraftBox | null = null;

/** Return the drafts of this browser. */
export function useDraftBox(): DraftBox {
  if (box === null) {
    const made = new DraftBox();
    addEventListener("pagehide", () => void made.flush());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") void made.flush();
    });
    box = made;
  }
  return box;
}

/** `crypto.randomUUID` is there on secure addresses only; a dock in a laboratory may have none. */
function randomId(): string {
  return [...crypto.getRandomValues(new Uint8Array(8))]
    .map((one) => one.toString(16).padStart(2, "0"))
    .join("");
}

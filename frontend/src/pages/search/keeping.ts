/**
 * Keeping the requirement of this tab over a reload, in the browser's own database: a specification may be larger than
 * what `sessionStorage` holds. What was not used for a day is deleted.
 */
import { openDB, type IDBPDatabase } from "idb";
import type { Requirement } from "./requirement";

const DATABASE = "learnware-dock-search";
const STORE = "requirements";
const TAB = "search-tab";
const KEPT_FOR = 24 * 60 * 60 * 1000;

interface Kept {
  saved: number;
  requirement: Requirement;
}

/** Return the requirement that this tab had, or null. */
export async function restore(now = Date.now()): Promise<Requirement | null> {
  const database = await open();
  if (database === null) return null;
  try {
    for (const key of await database.getAllKeys(STORE)) {
      const kept = (await database.get(STORE, key)) as Kept | undefined;
      if (kept && kept.saved < now - KEPT_FOR) await database.delete(STORE, key);
    }
    return ((await database.get(STORE, tabName())) as Kept | undefined)?.requirement ?? null;
  } finally {
    database.close();
  }
}

/** Keep the requirement of this tab; null forgets it. */
export async function keep(requirement: Requirement | null, now = Date.now()): Promise<void> {
  const database = await open();
  if (database === null) return;
  try {
    if (requirement === null) await database.delete(STORE, tabName());
    else await database.put(STORE, { saved: now, requirement } satisfies Kept, tabName());
  } catch (error) {
    // The disk may be full: then the requirement lasts until the page is loaded anew.
    if (!(error instanceof DOMException && error.name === "QuotaExceededError")) throw error;
  } finally {
    database.close();
  }
}

async function open(): Promise<IDBPDatabase | null> {
  try {
    return await openDB(DATABASE, 1, {
      upgrade: (database) => {
        database.createObjectStore(STORE);
      },
    });
  } catch (error) {
    void error; // storage may be forbidden: then the requirement lasts until the page is loaded anew
    return null;
  }
}

/** Each tab has a requirement of its own. */
function tabName(): string {
  try {
    const known = sessionStorage.getItem(TAB);
    if (known !== null) return known;
    const made = crypto.randomUUID();
    sessionStorage.setItem(TAB, made);
    return made;
  } catch (error) {
    void error; // as above
    return "tab";
  }
}

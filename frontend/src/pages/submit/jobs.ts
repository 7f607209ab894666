/** What goes on with the file of a draft while the pages of the app change: its check and its upload. */
import { reactive } from "vue";
import { fromSemantic } from "@/learnware/editor/form";
import { sha256Of } from "@/upload/hash";
import { forgetUpload, Transfer } from "@/upload/transfer";
import { dropTransfer, keepTransfer, transferOf } from "@/upload/transfers";
import { check } from "./checking";
import { isWritten, NO_UPLOAD, useDraftBox, type Draft } from "./drafts";

/** What is going on with a file: it is checked, or compared with the one that was chosen before. */
export interface Job {
  doing: "checking" | "comparing" | null;
  /** The share of it that was looked at. */
  share: number;
  error: unknown;
  /** The file that was chosen is not the one that the draft began with. */
  other: File | null;
}

const jobs = reactive(new Map<string, Job>());

/** Return what goes on with the file of a draft. */
export function jobOf(id: string): Job {
  if (!jobs.has(id)) jobs.set(id, { doing: null, share: 0, error: null, other: null });
  return jobs.get(id) as Job;
}

/** Return the upload of a draft, if its file is at hand. */
export function uploadOf(id: string): Transfer | undefined {
  return transferOf(id);
}

/** Whether the check or the upload of a draft cannot go on before its file is chosen again. */
export function needsFile(draft: Draft): boolean {
  const { keepsPackage, file, checked, upload } = draft;
  const transfer = transferOf(draft.id);
  if (keepsPackage || file === null || upload.complete) return false;
  if (transfer !== undefined && transfer.state.phase !== "changed") return false;
  // One with mistakes is mended first: that will be another file.
  return checked === null ? jobOf(draft.id).doing === null : checked.ok;
}

/**
 * Take a file for a draft: check it, fill the form from it, and upload it if nothing is wrong.
 *
 * What was uploaded of an earlier file is forgotten.
 */
export async function takeFile(id: string, file: File): Promise<void> {
  const box = useDraftBox();
  const draft = box.drafts.get(id);
  if (draft === undefined) return;
  const job = jobOf(id);
  Object.assign(job, { doing: "checking", error: null, other: null, share: 0 });
  stopUpload(draft);
  box.change(id, {
    file: { name: file.name, size: file.size },
    keepsPackage: false,
    checked: null,
    upload: { ...NO_UPLOAD },
  });
  try {
    const checked = await check(file, (share) => (job.share = share));
    // Another file was chosen meanwhile, or the draft is gone.
    if (box.drafts.get(id)?.file?.name !== file.name || job.doing !== "checking") return;
    box.change(id, { checked });
    if (!checked.ok) return;
    fillIn(id);
    beginUpload(id, file);
  } catch (error) {
    job.error = error;
  } finally {
    job.doing = null;
  }
}

/**
 * Go on with a draft whose file was chosen again after the page was loaded anew. Another content is not uploaded as if
 * it were the same: the job says so, and the person chooses.
 */
export async function takeAgain(id: string, file: File): Promise<void> {
  const draft = useDraftBox().drafts.get(id);
  if (!draft?.file) return;
  const { sha256 } = draft.upload;
  // Before its SHA-256 was known nothing was uploaded.
  if (sha256 === null || draft.checked === null) return takeFile(id, file);
  const job = jobOf(id);
  Object.assign(job, { doing: "comparing", error: null, other: null, share: 0 });
  try {
    const same =
      file.size === draft.file.size &&
      (await sha256Of(file, (read) => (job.share = read / file.size), new AbortController().signal)) ===
        sha256;
    if (same) beginUpload(id, file);
    else job.other = file;
  } catch (error) {
    job.error = error;
  } finally {
    job.doing = null;
  }
}

/** Put the texts of the package into the form. */
export function fillIn(id: string, always = false): void {
  const box = useDraftBox();
  const draft = box.drafts.get(id);
  if (!draft?.checked?.semantic || (isWritten(draft) && !always)) return;
  // A new version keeps the texts of the one before unless somebody wishes otherwise.
  if (draft.learnwareId !== null && !always) return;
  const form = fromSemantic(draft.checked.semantic);
  box.change(id, { form, filled: form });
}

/** Forget a draft, its upload and its file. */
export async function discard(draft: Draft): Promise<void> {
  stopUpload(draft);
  jobs.delete(draft.id);
  await useDraftBox().remove(draft.id);
}

/** Let go of a draft that was submitted: the dock has what was uploaded. */
export async function finish(id: string): Promise<void> {
  dropTransfer(id);
  jobs.delete(id);
  await useDraftBox().remove(id);
}

/** Upload again from the first byte: the dock does not know what was uploaded any more. */
export function uploadAnew(draft: Draft): void {
  const file = transferOf(draft.id)?.file;
  const upload = { ...draft.upload, url: null, complete: false };
  useDraftBox().change(draft.id, { upload });
  dropTransfer(draft.id);
  if (file) beginUpload(draft.id, file);
}

function beginUpload(id: string, file: File): void {
  const box = useDraftBox();
  const draft = box.drafts.get(id);
  if (draft === undefined) return;
  const transfer = new Transfer(file, draft.upload, (upload) => box.change(id, { upload }));
  keepTransfer(id, transfer);
  void transfer.start();
}

function stopUpload(draft: Draft): void {
  dropTransfer(draft.id);
  // Nobody waits for it: what cannot be told the dock forgets by itself.
  if (draft.upload.url !== null) void forgetUpload(draft.upload.url);
}

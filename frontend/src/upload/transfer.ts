/**
 * A file on its way to the dock, by the tus protocol: it goes on where it stopped after pauses, broken connections,
 * restarts of the dock and reloads of the page.
 */
import { Upload, type DetailedError, type UploadOptions } from "tus-js-client";
import { reactive, readonly, type DeepReadonly } from "vue";
import { signedOut } from "@/api/client";
import { ApiProblem, problemOf } from "@/api/problem";
import { language } from "@/i18n";
import { sha256Of, UnreadableFile } from "./hash";
import { Rate } from "./rate";
import { BREAKS, verdictOn } from "./retry";

/**
 * Where it stands. `reading`: its SHA-256 is computed. `finishing`: all is sent, and the dock puts it together.
 * `waiting`: the dock does not answer; another try comes. `signed-out`: it goes on when somebody is signed in.
 * `changed`: the file is not what it was when it was chosen. `failed`: it was refused.
 */
export type Phase =
  | "new"
  | "reading"
  | "sending"
  | "finishing"
  | "paused"
  | "waiting"
  | "signed-out"
  | "changed"
  | "failed"
  | "done";

export interface TransferState {
  phase: Phase;
  size: number;
  /** Bytes that were read, while its SHA-256 is computed. */
  read: number;
  sent: number;
  /** Bytes a second, and seconds that are left; null while that is not known. */
  speed: number | null;
  remaining: number | null;
  problem: ApiProblem | null;
}

/** What is worth keeping, so that it can go on after the page was loaded anew. */
export interface Facts {
  sha256: string | null;
  /** The address of the upload; null before it is made. */
  url: string | null;
  complete: boolean;
}

const ENDPOINT = "/api/v1/uploads";
// As large as the parts that the dock keeps: a killed dock loses no more than the one that was on its way.
const CHUNK = 8 * 2 ** 20;
const TICK = 500;
// An upload that is forgotten again and again, without anything sent between, will not work at all.
const MOST_BEGINNINGS = 3;

/** Phases in which something goes on, so that closing the page would break it off. */
export const BUSY: readonly Phase[] = ["reading", "sending", "finishing", "waiting"];

/** What tests replace. */
export interface Means {
  hash: typeof sha256Of;
  tus: Partial<UploadOptions>;
}

export class Transfer {
  readonly #state: TransferState;
  readonly #rate = new Rate();
  #facts: Facts;
  #upload: Upload | null = null;
  #reading: AbortController | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #beginnings = 0;

  /**
   * @param file - what is sent.
   * @param facts - what is known of it from before.
   * @param keep - told whenever something of that changes.
   */
  constructor(
    readonly file: File,
    facts: Facts,
    private readonly keep: (facts: Facts) => void,
    private readonly means: Means = { hash: sha256Of, tus: {} },
  ) {
    this.#facts = { ...facts };
    this.#state = reactive({
      phase: facts.complete ? "done" : "new",
      size: file.size,
      read: 0,
      sent: facts.complete ? file.size : 0,
      speed: null,
      remaining: null,
      problem: null,
    });
  }

  get state(): DeepReadonly<TransferState> {
    return readonly(this.#state);
  }

  /** What names the upload where a content is asked for; null before it is made. */
  get uploadId(): string | null {
    return uploadIdOf(this.#facts.url);
  }

  /** Begin, or go on. Does nothing while it runs or when it is done. */
  async start(): Promise<void> {
    const { phase } = this.#state;
    if (phase === "reading" || phase === "sending" || phase === "finishing" || phase === "done") return;
    this.#stop();
    this.#state.problem = null;
    if (this.#facts.sha256 === null && !(await this.#readFile())) return;
    this.#send();
  }

  /** Stop for now; what has arrived stays at the dock. */
  pause(): void {
    if (!BUSY.includes(this.#state.phase)) return;
    this.#stop();
    this.#state.phase = "paused";
  }

  /** Stop for good, and have the dock forget what has arrived. It forgets it by itself if it cannot be reached. */
  async cancel(): Promise<void> {
    this.#stop();
    this.#state.phase = "paused";
    const { url } = this.#facts;
    this.#know({ url: null, complete: false });
    if (url !== null) await forgetUpload(url);
  }

  async #readFile(): Promise<boolean> {
    this.#state.phase = "reading";
    const reading = new AbortController();
    this.#reading = reading;
    try {
      const sha256 = await this.means.hash(this.file, (read) => (this.#state.read = read), reading.signal);
      this.#know({ sha256 });
      return true;
    } catch (error) {
      if (reading.signal.aborted) return false;
      if (error instanceof UnreadableFile) this.#state.phase = "changed";
      else
        this.#fail(
          new ApiProblem(0, "unexpected", "", error instanceof Error ? error.message : String(error)),
        );
      return false;
    }
  }

  #send(): void {
    this.#state.phase = "sending";
    this.#rate.reset();
    const { url, sha256 } = this.#facts;
    const upload: Upload = new Upload(this.file, {
      // Where it was made already and cannot be asked for, another one would begin at zero: never by itself.
      endpoint: url === null ? ENDPOINT : null,
      uploadUrl: url,
      chunkSize: CHUNK,
      retryDelays: [...BREAKS],
      storeFingerprintForResuming: false,
      metadata: { filename: this.file.name, ...(sha256 ? { sha256 } : {}) },
      headers: { "Accept-Language": language() },
      onUploadUrlAvailable: () => {
        upload.options.endpoint = null;
        this.#know({ url: upload.url && new URL(upload.url, location.href).pathname });
      },
      onProgress: (sent) => this.#progress(sent),
      onShouldRetry: (error) => this.#wait(upload, error),
      onError: (error) => void this.#refused(error),
      onSuccess: () => this.#done(),
      ...this.means.tus,
    });
    this.#upload = upload;
    this.#timer = setInterval(() => this.#tick(), TICK);
    addEventListener("online", this.#again);
    upload.start();
  }

  #progress(sent: number): void {
    if (sent > this.#state.sent) this.#beginnings = 0;
    this.#state.sent = sent;
    this.#state.phase = sent < this.#state.size ? "sending" : "finishing";
    this.#rate.add(sent, performance.now());
  }

  #tick(): void {
    const now = performance.now();
    const sending = this.#state.phase === "sending";
    this.#state.speed = sending ? this.#rate.speed(now) : null;
    this.#state.remaining = sending ? this.#rate.remaining(this.#state.size - this.#state.sent, now) : null;
  }

  /** Say whether another try is made after a break. */
  #wait(upload: Upload, error: DetailedError): boolean {
    const status = error.originalResponse?.getStatus() ?? 0;
    const retried = verdictOn(status, kindOf(error), this.#facts.url !== null) === "retry";
    if (!retried) return false;
    this.#state.phase = "waiting";
    this.#rate.reset();
    this.#tick();
    // A file that was changed or moved looks like a line that is down.
    if (status === 0) void this.#look(upload);
    return true;
  }

  async #look(upload: Upload): Promise<void> {
    if ((await isReadable(this.file)) || this.#upload !== upload) return;
    this.#stop();
    this.#state.phase = "changed";
  }

  async #refused(error: Error | DetailedError): Promise<void> {
    const detailed = "originalRequest" in error ? error : null;
    const status = detailed?.originalResponse?.getStatus() ?? 0;
    const verdict = verdictOn(status, detailed ? kindOf(detailed) : "", this.#facts.url !== null);
    const problem = detailed ? await problemIn(detailed) : new ApiProblem(0, "unexpected", "", error.message);
    const readable = await isReadable(this.file);
    this.#stop();
    this.#state.problem = problem;
    if (verdict === "sign-in") {
      this.#state.phase = "signed-out";
      signedOut.dispatchEvent(new Event("signed-out"));
    } else if (verdict === "reread" || !readable) {
      this.#know({ url: null, sha256: null, complete: false });
      this.#state.phase = "changed";
    } else if (verdict === "begin-again" && this.#beginnings < MOST_BEGINNINGS) {
      this.#beginnings += 1;
      this.#know({ url: null, complete: false });
      this.#state.sent = 0;
      this.#state.problem = null;
      this.#send();
    } else this.#fail(problem);
  }

  #done(): void {
    this.#stop();
    this.#state.sent = this.#state.size;
    this.#state.phase = "done";
    this.#know({ complete: true });
  }

  #fail(problem: ApiProblem): void {
    this.#stop();
    this.#state.problem = problem;
    this.#state.phase = "failed";
  }

  /** The line is back: no need to wait for the end of the break. */
  readonly #again = (): void => {
    if (this.#state.phase === "waiting") void this.start();
  };

  #stop(): void {
    this.#reading?.abort();
    this.#reading = null;
    void this.#upload?.abort();
    this.#upload = null;
    clearInterval(this.#timer);
    removeEventListener("online", this.#again);
    this.#rate.reset();
    this.#state.speed = null;
    this.#state.remaining = null;
  }

  #know(changed: Partial<Facts>): void {
    this.#facts = { ...this.#facts, ...changed };
    this.keep({ ...this.#facts });
  }
}

/** Return what names an upload where a content is asked for. */
export function uploadIdOf(url: string | null): string | null {
  return url?.split("/").at(-1) ?? null;
}

/** Have the dock forget an upload. Where it cannot be reached it stays until the dock forgets it by itself. */
export async function forgetUpload(url: string): Promise<void> {
  try {
    await Upload.terminate(url, { retryDelays: null });
  } catch (error) {
    void error; // it takes room for a day at most, and nobody waits for it
  }
}

async function isReadable(file: Blob): Promise<boolean> {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch (error) {
    if (error instanceof DOMException) return false;
    throw error;
  }
}

function kindOf({ originalResponse }: DetailedError): string {
  try {
    const told = JSON.parse(originalResponse?.getBody() || "{}") as { type?: string };
    return told.type?.split("/").at(-1) ?? "";
  } catch (error) {
    void error; // a proxy's page has no kind
    return "";
  }
}

async function problemIn({ originalResponse }: DetailedError): Promise<ApiProblem> {
  const status = originalResponse?.getStatus() ?? 0;
  if (status < 200 || status > 599) return new ApiProblem(0, "unreachable", "", "");
  return problemOf(new Response(originalResponse?.getBody() || null, { status }));
}

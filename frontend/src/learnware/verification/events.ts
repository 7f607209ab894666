/** Following a verification: the server's events, from the first line or on from where the connection was lost. */
import { computed, onScopeDispose, ref, shallowRef, toValue, watch, type MaybeRefOrGetter } from "vue";
import { signedOut, type Schema } from "@/api/client";
import { asProblem, problemOf, type ApiProblem } from "@/api/problem";
import { language } from "@/i18n";
import { PARTS, type Part, type Standing } from "./report";

export type VersionState = Schema<"VersionOut">["status"];

/** A line of the log. */
export interface LogLine {
  /** Grows from try to try and from line to line. */
  id: string;
  /** Which try it belongs to; its lines are numbered from 1. */
  attempt: number;
  number: number;
  at: string;
  text: string;
}

/** How the connection stands. `over`: nothing more comes. `failed`: it will not come back by itself. */
export type Connection = "connecting" | "open" | "lost" | "over" | "failed";

/** What was seen of a verification up to now; `readEvent` carries it on. */
export interface Seen {
  status: VersionState | null;
  attempts: number;
  lines: readonly LogLine[];
  over: boolean;
}

export const NOTHING_SEEN: Seen = { status: null, attempts: 0, lines: [], over: false };

const LONGEST_WAIT = 30_000;

/** Return what is known after an event. Lines that were seen before, over an earlier connection, change nothing. */
export function readEvent(seen: Seen, kind: string, data: string, id: string): Seen {
  const told = JSON.parse(data) as {
    status?: VersionState;
    attempts?: number;
    number?: number;
    at?: string;
    text?: string;
  };
  if (kind === "status")
    return { ...seen, status: told.status ?? null, attempts: told.attempts ?? 0, over: false };
  if (kind === "end") return { ...seen, status: told.status ?? seen.status, over: true };
  const position = positionOf(id);
  const last = seen.lines.at(-1);
  if (position === null || (last && !isAfter(position, positionOf(last.id)))) return seen;
  const line = {
    id,
    attempt: position[0],
    number: told.number ?? position[1],
    at: told.at ?? "",
    text: told.text ?? "",
  };
  return { ...seen, lines: [...seen.lines, line] };
}

/** How far a part is: not begun, begun, or how it ended. */
export type Stage = "waiting" | "working" | Standing;

/** Return how far each part is, as the lines of the newest try tell. */
export function stagesOf(lines: readonly LogLine[]): Record<Part, Stage> {
  const stages = Object.fromEntries(PARTS.map((part) => [part, "waiting"])) as Record<Part, Stage>;
  const newest = lines.at(-1)?.attempt;
  for (const line of lines) {
    const [, name, words] = /^(\w+): (.*)$/.exec(line.text) ?? [];
    const part = PARTS.find((one) => one === name);
    if (line.attempt !== newest || part === undefined) continue;
    const ended = /^finished (ok|warning|wrong|not checked)$/.exec(words ?? "")?.[1];
    if (ended !== undefined) stages[part] = ended as Standing;
    // What is said after the end is the report in words.
    else if (words === "started" || stages[part] === "waiting") stages[part] = "working";
  }
  return stages;
}

/**
 * Follow the verification of a version for as long as the component lives.
 *
 * The browser comes again by itself when the connection breaks; where the dock answers with an error it does not, so
 * this does, after asking the dock why.
 */
export function useVerificationEvents(
  learnwareId: MaybeRefOrGetter<string>,
  version: MaybeRefOrGetter<number>,
) {
  const seen = shallowRef<Seen>(NOTHING_SEEN);
  const connection = ref<Connection>("connecting");
  const problem = shallowRef<ApiProblem | null>(null);
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tries = 0;
  // Hundreds of lines come at once where a log is read later: they are shown together.
  let arrived: Seen = NOTHING_SEEN;
  let frame = 0;

  function show(): void {
    frame = 0;
    seen.value = arrived;
  }

  function take(event: Event): void {
    const { type, data, lastEventId } = event as MessageEvent<string>;
    arrived = readEvent(arrived, type, data, lastEventId);
    if (arrived.over) {
      stop();
      connection.value = "over";
    }
    frame ||= requestAnimationFrame(show);
  }

  function open(): void {
    stop();
    const place = `${toValue(learnwareId)}/versions/${String(toValue(version))}`;
    const opened = new EventSource(`/api/v1/learnwares/${place}/verification/events`);
    source = opened;
    for (const kind of ["status", "line", "end"]) opened.addEventListener(kind, take);
    opened.addEventListener("open", () => {
      tries = 0;
      problem.value = null;
      connection.value = "open";
    });
    opened.addEventListener("error", () => {
      connection.value = "lost";
      if (opened.readyState === EventSource.CLOSED) void askWhy(opened);
    });
  }

  async function askWhy(closed: EventSource): Promise<void> {
    const asking = new AbortController();
    try {
      const headers = { Accept: "text/event-stream", "Accept-Language": language() };
      const answer = await fetch(closed.url, { headers, signal: asking.signal });
      if (!answer.ok) throw await problemOf(answer);
      if (source === closed) again(0);
    } catch (error) {
      if (source !== closed) return;
      const found = asProblem(error);
      problem.value = found;
      if (found.status === 401) signedOut.dispatchEvent(new Event("signed-out"));
      if (found.status === 0 || found.status === 429 || found.status >= 500)
        again((found.retryAfter ?? 0) * 1000);
      else connection.value = "failed";
    } finally {
      // Only the head of the answer was wanted.
      asking.abort();
    }
  }

  function again(least: number): void {
    tries += 1;
    timer = setTimeout(open, Math.max(least, Math.min(1_000 * 2 ** tries, LONGEST_WAIT)));
  }

  function stop(): void {
    clearTimeout(timer);
    source?.close();
    source = null;
  }

  /** Begin anew: another version, or a verification that was asked for again. */
  function restart(): void {
    arrived = NOTHING_SEEN;
    seen.value = NOTHING_SEEN;
    tries = 0;
    problem.value = null;
    connection.value = "connecting";
    open();
  }

  watch([() => toValue(learnwareId), () => toValue(version)], restart, { immediate: true });
  onScopeDispose(() => {
    stop();
    cancelAnimationFrame(frame);
  });
  return {
    status: computed(() => seen.value.status),
    attempts: computed(() => seen.value.attempts),
    lines: computed(() => seen.value.lines),
    over: computed(() => seen.value.over),
    stages: computed(() => stagesOf(seen.value.lines)),
    connection,
    problem,
    restart,
  };
}

function positionOf(id: string): readonly [number, number] | null {
  const [, attempt, line] = /^(\d+)-(\d+)$/.exec(id) ?? [];
  return attempt === undefined ? null : [Number(attempt), Number(line)];
}

function isAfter(one: readonly [number, number], other: readonly [number, number] | null): boolean {
  return other === null || one[0] > other[0] || (one[0] === other[0] && one[1] > other[1]);
}

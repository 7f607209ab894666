/** Errors of the dock's API: RFC 9457 problem documents, in the language that was asked for. */
import type { components } from "./schema";

export type FieldProblem = components["schemas"]["FieldProblem"];

/** An answer of the dock that is an error. */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";

  constructor(
    readonly status: number,
    /** The last part of the problem's `type`: `username-taken`, … or `unreachable`, `unexpected`. */
    readonly kind: string,
    readonly title: string,
    readonly detail: string,
    readonly fields: readonly FieldProblem[] = [],
    readonly requestId: string | null = null,
    /** Seconds after which another try may work. */
    readonly retryAfter: number | null = null,
    /** The learnware that stands against it, if one does. */
    readonly learnwareId: string | null = null,
  ) {
    super(detail || title);
  }

  /** What is wrong with a field of the body, by the last part of its JSON pointer. */
  of(field: string): string | undefined {
    return this.fields.find((one) => one.field.split("/").at(-1) === field)?.message;
  }
}

/** Return the error that a response tells of. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const after = Number(response.headers.get("Retry-After"));
  const retry = Number.isFinite(after) && after > 0 ? after : null;
  try {
    const told = (await response.clone().json()) as Partial<components["schemas"]["Problem"]>;
    const kind = (told.type ?? "").split("/").at(-1) || "unexpected";
    return new ApiProblem(
      response.status,
      kind,
      told.title ?? "",
      told.detail ?? "",
      told.errors ?? [],
      told.request_id ?? null,
      retry,
      told.learnware_id ?? null,
    );
  } catch {
    // A proxy's page, or an answer that was cut.
    return new ApiProblem(
      response.status,
      "unexpected",
      "",
      `HTTP ${String(response.status)}`,
      [],
      null,
      retry,
    );
  }
}

/** Return an error to show, whatever was thrown. */
export function asProblem(thrown: unknown): ApiProblem {
  if (thrown instanceof ApiProblem) return thrown;
  // What `fetch` throws where nobody answers.
  if (thrown instanceof TypeError) return new ApiProblem(0, "unreachable", "", "");
  return new ApiProblem(0, "unexpected", "", thrown instanceof Error ? thrown.message : String(thrown));
}

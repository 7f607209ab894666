/** The typed client of the dock's API. Its types are generated from the OpenAPI file (`npm run api`). */
import createClient from "openapi-fetch";
import { language } from "@/i18n";
import { problemOf } from "./problem";
import type { components, paths } from "./schema";

/** A schema of the API by its name. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

/** Told when the dock answers that nobody is signed in (any more). */
export const signedOut = new EventTarget();

export const api = createClient<paths>({
  // Repeated parameters (`?scenario=a&scenario=b`), as the API reads them.
  querySerializer: { array: { style: "form", explode: true } },
});

api.use({
  onRequest({ request }) {
    request.headers.set("Accept-Language", language());
    return request;
  },
  async onResponse({ response }) {
    if (response.ok || response.status === 304) return undefined;
    if (response.status === 401) signedOut.dispatchEvent(new Event("signed-out"));
    throw await problemOf(response);
  },
});

/** Return the body of an answer; an error was thrown as `ApiProblem` before. */
export async function body<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}

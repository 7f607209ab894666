/** Where one goes after signing in. */
import type { LocationQueryValue } from "vue-router";

/** Return the page of this dock that `?next=` names; the first page for everything else. */
export function nextPage(next: LocationQueryValue | LocationQueryValue[] | undefined): string {
  const wished = Array.isArray(next) ? next[0] : next;
  if (!wished?.startsWith("/")) return "/";
  // `//host`, `/\host` and the like would leave the dock; some of them are no address at all.
  if (!URL.canParse(wished, location.origin)) return "/";
  const url = new URL(wished, location.origin);
  if (url.origin !== location.origin || url.pathname.startsWith("//")) return "/";
  return url.pathname + url.search + url.hash;
}

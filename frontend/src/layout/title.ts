/** The title of the window, where the page knows it only after it has asked the dock. */
import { toValue, watchEffect, type MaybeRefOrGetter } from "vue";
import { titled } from "@/router";

/** Keep the window's title at a text, as long as there is one. */
export function usePageTitle(text: MaybeRefOrGetter<string | undefined>): void {
  watchEffect(() => {
    const known = toValue(text);
    if (known) document.title = titled(known);
  });
}

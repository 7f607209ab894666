/** The title of the window. */
import { toValue, watchEffect, type MaybeRefOrGetter } from "vue";
import { useI18n } from "vue-i18n";
import { useRoute } from "vue-router";
import { titled } from "@/router";

/** Keep the window's title at that of the route (`meta.title`), in the language that is spoken. */
export function useRouteTitle(): void {
  const route = useRoute();
  const { t } = useI18n();
  watchEffect(() => {
    if (route.meta.title) document.title = titled(t(route.meta.title));
  });
}

/** Keep the window's title at a text that the page knows only after it has asked the dock, as long as there is one. */
export function usePageTitle(text: MaybeRefOrGetter<string | undefined>): void {
  watchEffect(() => {
    const known = toValue(text);
    if (known) document.title = titled(known);
  });
}

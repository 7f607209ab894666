/** What lists of administration are narrowed to, as it stands in the address. */
import { useDebounceFn } from "@vueuse/core";
import { computed, ref, watch, type Ref, type WritableComputedRef } from "vue";
import { useRoute, useRouter, type LocationQuery, type LocationQueryRaw } from "vue-router";

const TYPING_PAUSE_MS = 300;
const LARGEST_NUMBER = Number.MAX_SAFE_INTEGER;

/** Read one of several values; anything else is as if it was not given. */
export function readChoice<T extends string>(
  query: LocationQuery,
  name: string,
  among: readonly T[],
): T | "" {
  return among.find((one) => one === query[name]) ?? "";
}

/** Read a text, no longer than the dock takes it. */
export function readShort(query: LocationQuery, name: string, longest: number): string {
  const given = query[name];
  return typeof given === "string" ? given.slice(0, longest) : "";
}

/** Read yes or no. */
export function readYes(query: LocationQuery, name: string): boolean | undefined {
  const given = query[name];
  return given === "true" ? true : given === "false" ? false : undefined;
}

/** Read a whole number from 0 on. */
export function readNumber(query: LocationQuery, name: string): number | undefined {
  const given = query[name];
  if (typeof given !== "string" || !/^\d{1,16}$/.test(given)) return undefined;
  const value = Number(given);
  return value <= LARGEST_NUMBER ? value : undefined;
}

/** Read a day, `2026-11-21`. */
export function readDay(query: LocationQuery, name: string): string {
  const given = query[name];
  if (typeof given !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(given)) return "";
  const at = new Date(`${given}T00:00:00Z`);
  // There is no 31 February.
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(given) ? given : "";
}

/** Return an address with some values changed; those that are empty leave it. */
export function changed(query: LocationQuery, changes: Record<string, string>): LocationQueryRaw {
  const next: LocationQueryRaw = { ...query, ...changes };
  return Object.fromEntries(Object.entries(next).filter(([, value]) => value !== "" && value !== undefined));
}

/** The address of the page as a place to keep what was chosen. */
export function useAddress() {
  const route = useRoute();
  const router = useRouter();
  const query = computed(() => route.query);

  function set(changes: Record<string, string>): void {
    void router.replace({ query: changed(route.query, changes), hash: route.hash });
  }

  /** Return a value of the address to bind a choice to. */
  function choice<T extends string>(
    name: string,
    among: readonly T[],
    usual: T,
  ): WritableComputedRef<T, string> {
    return computed({
      get: () => readChoice(route.query, name, among) || usual,
      set: (value: string) => set({ [name]: value === usual ? "" : value }),
    });
  }

  /** Return a text to bind a field to; what is typed counts after a pause. */
  function typed(name: string, longest: number): Ref<string> {
    const path = route.path;
    const text = ref(readShort(route.query, name, longest));
    const settle = useDebounceFn(() => {
      // Who has gone elsewhere meanwhile stays there.
      if (route.path === path) set({ [name]: text.value.trim() });
    }, TYPING_PAUSE_MS);
    watch(text, (now) => {
      if (now.trim() !== readShort(route.query, name, longest)) void settle();
    });
    watch(
      () => readShort(route.query, name, longest),
      (now) => {
        if (now !== text.value.trim()) text.value = now;
      },
    );
    return text;
  }

  return { query, set, choice, typed };
}

/** The requirement that the pages of the search share; it survives a reload of the tab. */
import { useDebounceFn } from "@vueuse/core";
import { computed, ref, shallowRef, watch } from "vue";
import { keep, restore } from "./keeping";
import { asksForNothing, described, emptyRequirement, type Requirement } from "./requirement";

const SAVE_AFTER = 250;

const requirement = shallowRef<Requirement>(emptyRequirement());
/** Grows with each specification: queries are told apart by it instead of by thousands of numbers. */
const edition = ref(0);
let restoring: Promise<void> | null = null;

/** Fetch what the tab had before, once; pages wait for it. */
export function requirementReady(): Promise<void> {
  restoring ??= restore().then((kept) => {
    if (kept !== null && isEmpty(requirement.value)) requirement.value = kept;
    const save = (): Promise<void> => keep(isEmpty(requirement.value) ? null : requirement.value);
    const saveSoon = useDebounceFn(save, SAVE_AFTER);
    // Typing is waited for; a specification is kept, and forgotten, at once.
    watch(
      requirement,
      (now, before) => void (now.specification === before.specification ? saveSoon() : save()),
    );
  });
  return restoring;
}

/** The requirement, and changing parts of it. */
export function useRequirement() {
  const change = (parts: Partial<Requirement>): void => {
    if ("specification" in parts && parts.specification !== requirement.value.specification)
      edition.value += 1;
    requirement.value = { ...requirement.value, ...parts };
  };
  const clear = (): void => {
    change(emptyRequirement());
  };
  // As they are, and no proxies, which the browser's database does not take.
  return {
    requirement: computed(() => requirement.value),
    edition: computed(() => edition.value),
    change,
    clear,
  };
}

function isEmpty(one: Requirement): boolean {
  return asksForNothing(one) && described(one.inputs).length === 0 && described(one.outputs).length === 0;
}

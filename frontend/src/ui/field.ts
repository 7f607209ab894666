/** What the fields of forms share. */
import { computed, useId } from "vue";

/** Looks of a field that is typed into or chosen from. */
export const FIELD =
  "bg-surface border-edge text-ink placeholder:text-ink-faint w-full rounded-lg border px-3 py-2 disabled:opacity-60 " +
  "aria-invalid:border-bad";

/** Return the attributes that tie a field to its label, hint and error (`FieldShell`). */
export function useField(props: { hint?: string | undefined; error?: string | undefined }) {
  const id = useId();
  const attributes = computed(() => ({
    id,
    "aria-invalid": props.error ? ("true" as const) : undefined,
    "aria-describedby": props.error ? `${id}-error` : props.hint ? `${id}-hint` : undefined,
  }));
  return { id, attributes };
}

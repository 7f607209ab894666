/** Short messages that go by themselves. What must not be missed is said on the page instead. */
import { readonly, ref } from "vue";

/** A message. */
export interface Toast {
  id: number;
  kind: "good" | "bad" | "info";
  text: string;
}

const shown = ref<Toast[]>([]);
let last = 0;

/** The messages that are shown, for `ToastHost`. */
export const toasts = readonly(shown);

/** Show a message; errors stay longer. */
export function toast(text: string, kind: Toast["kind"] = "good"): void {
  last += 1;
  const id = last;
  shown.value.push({ id, kind, text });
  setTimeout(() => dismiss(id), kind === "bad" ? 10_000 : 5_000);
}

/** Take a message away. */
export function dismiss(id: number): void {
  shown.value = shown.value.filter((one) => one.id !== id);
}

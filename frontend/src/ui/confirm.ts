/** Asking before something is done that cannot be undone. */
import { readonly, ref } from "vue";

/** What is asked. */
export interface Question {
  title: string;
  text: string;
  /** What the button that does it says: a verb. */
  action: string;
  danger?: boolean;
  /** What must be typed first, for what is lost for good. */
  typed?: string;
}

const asked = ref<(Question & { answer: (yes: boolean) => void }) | null>(null);

/** The question that is open, for `ConfirmHost`. */
export const openQuestion = readonly(asked);

/** Ask, and wait for the answer. */
export function confirm(question: Question): Promise<boolean> {
  asked.value?.answer(false);
  return new Promise((resolve) => {
    asked.value = {
      ...question,
      answer: (yes) => {
        asked.value = null;
        resolve(yes);
      },
    };
  });
}

/** Doing something as an administrator: what came of it is told, and lists are asked for anew. */
import { useMutation, useQueryClient } from "@tanstack/vue-query";
import { useI18n } from "vue-i18n";
import { asProblem } from "@/api/problem";
import { toast } from "@/ui/toasts";

/** Return a function that does something and says whether it was done, and whether something is being done. */
export function useAct() {
  const { t } = useI18n();
  const client = useQueryClient();
  const mutation = useMutation({
    mutationFn: (request: () => Promise<unknown>) => request(),
    onSettled: () =>
      client.invalidateQueries({
        predicate: ({ queryKey }) => !["session", "vocabulary"].includes(String(queryKey[0])),
      }),
  });

  async function act(request: () => Promise<unknown>, done: string): Promise<boolean> {
    try {
      await mutation.mutateAsync(request);
      toast(done);
      return true;
    } catch (error) {
      const problem = asProblem(error);
      const unreachable = problem.kind === "unreachable" ? t("ui.unreachable") : "";
      toast(problem.detail || problem.title || unreachable || t("ui.wentWrong"), "bad");
      return false;
    }
  }

  return { act, busy: mutation.isPending };
}

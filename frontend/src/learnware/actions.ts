/** What owners do with their learnwares. Words: `src/learnware/messages`. */
import { useMutation, useQueryClient } from "@tanstack/vue-query";
import { useI18n } from "vue-i18n";
import { api, type Schema } from "@/api/client";
import { asProblem } from "@/api/problem";
import { confirm } from "@/ui/confirm";
import { toast } from "@/ui/toasts";

type Owned = Pick<Schema<"SummaryOut">, "learnware_id" | "name">;

/**
 * Withdrawing, restoring, deleting and verifying again; each asks first where something is lost, tells what came of it,
 * and lets everything that shows learnwares ask the dock anew. They return whether it was done.
 */
export function useOwnerActions() {
  const { t } = useI18n();
  const client = useQueryClient();
  const act = useMutation({
    mutationFn: (request: () => Promise<unknown>) => request(),
    onSuccess: () =>
      client.invalidateQueries({
        predicate: ({ queryKey }) => !["session", "vocabulary"].includes(String(queryKey[0])),
      }),
  });
  const path = (one: Owned) => ({ params: { path: { learnware_id: one.learnware_id } } });

  const version = (one: Owned, number: number) => ({
    params: { path: { learnware_id: one.learnware_id, number } },
  });

  async function run(request: () => Promise<unknown>, done: string): Promise<boolean> {
    try {
      await act.mutateAsync(request);
      toast(done);
      return true;
    } catch (error) {
      const problem = asProblem(error);
      toast(problem.detail || problem.title || t("ui.wentWrong"), "bad");
      return false;
    }
  }

  async function withdraw(one: Owned): Promise<boolean> {
    const sure = await confirm({
      title: t("owner.withdrawTitle", { name: one.name }),
      text: t("owner.withdrawText"),
      action: t("owner.withdraw"),
    });
    if (!sure) return false;
    return run(
      () => api.PUT("/api/v1/learnwares/{learnware_id}/withdrawal", path(one)),
      t("owner.withdrawn"),
    );
  }

  async function remove(one: Owned): Promise<boolean> {
    const sure = await confirm({
      title: t("owner.deleteTitle", { name: one.name }),
      text: t("owner.deleteText"),
      action: t("owner.delete"),
      danger: true,
      typed: one.learnware_id,
    });
    if (!sure) return false;
    return run(() => api.DELETE("/api/v1/learnwares/{learnware_id}", path(one)), t("owner.deleted"));
  }

  async function cancel(one: Owned, number: number): Promise<boolean> {
    const sure = await confirm({
      title: t("owner.cancelTitle", { name: one.name }),
      text: t("owner.cancelText"),
      action: t("owner.cancel"),
    });
    if (!sure) return false;
    return run(
      () =>
        api.DELETE("/api/v1/learnwares/{learnware_id}/versions/{number}/verification", version(one, number)),
      t("owner.cancelled"),
    );
  }

  return {
    busy: act.isPending,
    withdraw,
    remove,
    cancel,
    restore: (one: Owned) =>
      run(() => api.DELETE("/api/v1/learnwares/{learnware_id}/withdrawal", path(one)), t("owner.restored")),
    verifyAgain: (one: Owned, number: number) =>
      run(
        () =>
          api.POST("/api/v1/learnwares/{learnware_id}/versions/{number}/verification", version(one, number)),
        t("owner.verifyingAgain"),
      ),
  };
}

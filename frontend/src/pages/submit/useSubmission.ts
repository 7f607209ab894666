/** Sending a draft: at once, or as soon as its upload is complete. */
import { useMutation, useQueryClient } from "@tanstack/vue-query";
import { computed, ref, watch, type Ref } from "vue";
import { useRouter } from "vue-router";
import { api, body } from "@/api/client";
import { asProblem } from "@/api/problem";
import { toSemantic } from "@/learnware/editor/form";
import { uploadIdOf } from "@/upload/transfer";
import type { Draft } from "./drafts";
import { finish, uploadAnew } from "./jobs";
import type { Refusal } from "./refusal";

export function useSubmission(draft: Ref<Draft | null>) {
  const client = useQueryClient();
  const router = useRouter();
  const wanted = ref(false);
  const refusal = ref<Refusal | null>(null);
  let again = false;

  const uploaded = computed(
    () => draft.value !== null && (draft.value.keepsPackage || draft.value.upload.complete),
  );

  const mutation = useMutation({
    mutationFn: async (sent: Draft) => {
      const semantic = { semantic_specification: toSemantic(sent.form) };
      const upload = uploadIdOf(sent.upload.url);
      if (sent.learnwareId !== null) {
        const path = { learnware_id: sent.learnwareId };
        const content = { ...semantic, upload_id: sent.keepsPackage ? null : upload };
        return body(
          api.POST("/api/v1/learnwares/{learnware_id}/versions", { params: { path }, body: content }),
        );
      }
      return body(api.POST("/api/v1/learnwares", { body: { ...semantic, upload_id: upload ?? "" } }));
    },
    onMutate: () => (refusal.value = null),
    onSuccess: async (made, sent) => {
      // Its page first: the draft that this page shows is gone then.
      await router.replace(`/submit/${made.learnware_id}/${String(made.newest_version.number)}`);
      await finish(sent.id);
      await Promise.all([
        client.invalidateQueries({ queryKey: ["learnware", made.learnware_id] }),
        client.invalidateQueries({ queryKey: ["learnwares"] }),
      ]);
    },
    onError: async (error, sent) => {
      const problem = asProblem(error);
      refusal.value = { problem, form: sent.form };
      // An upload that was forgotten is made again, once, and then sent.
      if (problem.status !== 404 || again || !(await isForgotten(sent))) return;
      again = true;
      refusal.value = null;
      wanted.value = true;
      uploadAnew(sent);
    },
  });

  watch([wanted, uploaded], ([wants, ready]) => {
    if (!wants || !ready || draft.value === null || mutation.isPending.value) return;
    wanted.value = false;
    mutation.mutate(draft.value);
  });

  return {
    refusal,
    uploaded,
    /** Whether it is sent as soon as it can be. */
    wanted,
    sending: mutation.isPending,
    submit: () => (wanted.value = true),
    wait: () => (wanted.value = false),
  };
}

/** Whether the dock does not know the upload any more; the learnware of a new version may be gone as well. */
async function isForgotten(sent: Draft): Promise<boolean> {
  const upload_id = uploadIdOf(sent.upload.url);
  if (sent.keepsPackage || upload_id === null) return false;
  try {
    await api.GET("/api/v1/uploads/{upload_id}", { params: { path: { upload_id } } });
    return false;
  } catch (error) {
    return asProblem(error).status === 404;
  }
}

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

/** What the dock answers where it does not have the upload, or not all of it. */
const UPLOAD_GONE = new Set(["not-found", "content-mismatch"]);

export function useSubmission(draft: Ref<Draft | null>) {
  const client = useQueryClient();
  const router = useRouter();
  const wanted = ref(false);
  const refusal = ref<Refusal | null>(null);

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
    onError: (error, sent) => {
      const problem = asProblem(error);
      refusal.value = { problem, form: sent.form };
      // An upload that was forgotten is made again; the learnware of an update is something else that may be gone.
      const about = problem.kind === "not-found" ? sent.learnwareId === null : true;
      if (UPLOAD_GONE.has(problem.kind) && about && !sent.keepsPackage) uploadAnew(sent);
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

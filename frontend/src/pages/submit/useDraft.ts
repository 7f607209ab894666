/** The draft that the address names, and changing it. */
import { useQuery } from "@tanstack/vue-query";
import { computed, ref, watch } from "vue";
import { useRoute } from "vue-router";
import { api, body } from "@/api/client";
import { useSession } from "@/api/session";
import { emptyForm, fromSemantic, type SemanticForm } from "@/learnware/editor/form";
import { newDraft, useDraftBox, type Draft } from "./drafts";

/** Return the draft of the address; it is made where a learnware is to be updated and there is none. */
export function useDraft() {
  const route = useRoute();
  const box = useDraftBox();
  const { account, administers } = useSession();
  const read = ref(false);
  void box.load().finally(() => (read.value = true));

  // Whose drafts they are is known also after the session is over: what somebody writes stays on the page.
  const owner = ref(account.value?.user_id ?? null);
  watch(account, (now) => now && (owner.value = now.user_id), { immediate: true });

  const updates = computed(() => textOf(route.query["update"]));
  const learnware = useQuery({
    queryKey: computed(() => ["learnware", updates.value]),
    queryFn: () =>
      body(
        api.GET("/api/v1/learnwares/{learnware_id}", {
          params: { path: { learnware_id: updates.value ?? "" } },
        }),
      ),
    enabled: computed(() => updates.value !== null),
    // What is written here must not be moved by what comes in behind.
    refetchOnWindowFocus: false,
  });

  const id = computed(() => {
    if (updates.value === null) return textOf(route.query["draft"]);
    return owner.value === null ? null : newDraft(owner.value, updates.value).id;
  });
  const draft = computed<Draft | null>(() => {
    const found = id.value === null ? undefined : box.drafts.get(id.value);
    return found?.account === owner.value ? found : null;
  });

  watch(
    [read, learnware.data, owner],
    ([done, detail, who]) => {
      if (!done || !detail || who === null || updates.value !== detail.learnware_id) return;
      if (!detail.mine && !administers.value) return;
      const made = newDraft(who, detail.learnware_id);
      if (box.drafts.has(made.id)) return;
      const form = fromSemantic(detail.newest_version.semantic_specification);
      box.add({ ...made, form, filled: form });
    },
    { immediate: true },
  );

  return {
    read,
    owner,
    updates,
    learnware,
    draft,
    drafts: computed(() => (owner.value === null ? [] : box.of(owner.value))),
    kept: box.kept,
    change: (changed: Partial<Draft>) => draft.value && box.change(draft.value.id, changed),
    begin: (): Draft => {
      const made = newDraft(owner.value ?? 0);
      box.add(made);
      // From here on it is there after a reload.
      box.change(made.id, { form: emptyForm() });
      return made;
    },
    edit: (form: SemanticForm) => draft.value && box.change(draft.value.id, { form }),
  };
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

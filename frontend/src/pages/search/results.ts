/** Asking the dock, and reading its answers. */
import { useInfiniteQuery, useQuery } from "@tanstack/vue-query";
import { computed, type Ref } from "vue";
import { api, body, type Schema } from "@/api/client";
import { asksForNothing, searchBody, type Requirement } from "./requirement";

export type Found = Schema<"FoundOut">;
export type Answer = Schema<"SearchOut">;

/** A learnware of the recommendation with its share. */
export interface Part {
  learnware: Schema<"SummaryOut">;
  weight: number;
}

/** What the page recommends: one learnware, or several together. */
export interface Advice {
  parts: readonly Part[];
  /** Share of the user's data that it explains. */
  score: number;
  similarity: number;
  mmd2: number;
  /** Below it, a better fit would mean nothing; null for a single learnware, of which the dock tells none. */
  noiseFloor: number | null;
  unexplained: number;
  /** Share that the best learnware alone explains. */
  alone: number;
}

export const PAGE = 20;
/** Learnwares that are compared by their data, at most. */
const MOST = 100;
const LATER = 5 * 60_000;

function ask(requirement: Requirement, offset: number, limit: number): Promise<Answer> {
  return body(
    api.POST("/api/v1/searches", { body: { ...searchBody(requirement), offset, limit, most_parts: 5 } }),
  );
}

function keyOf({ words, tags }: Requirement, edition: number): unknown[] {
  return ["search", edition, words.trim(), tags];
}

/** The answer to a requirement, page by page. */
export function useResults(requirement: Readonly<Ref<Requirement>>, edition: Readonly<Ref<number>>) {
  return useInfiniteQuery({
    queryKey: computed(() => keyOf(requirement.value, edition.value)),
    queryFn: ({ pageParam }) => ask(requirement.value, pageParam, PAGE),
    initialPageParam: 0,
    getNextPageParam: (page) => {
      const next = page.offset + page.limit;
      return page.singles.length > 0 && next < page.total ? next : undefined;
    },
    enabled: computed(() => !asksForNothing(requirement.value)),
    staleTime: LATER,
    refetchOnWindowFocus: false,
  });
}

/** What the data of the requirement say about each of the nearest learnwares, by their ids. */
export function useScores(requirement: Readonly<Ref<Requirement>>, edition: Readonly<Ref<number>>) {
  const { data, isPending, isError } = useQuery({
    // Words and tags narrow a search; here they have done so already.
    queryKey: computed(() => ["search-scores", edition.value]),
    queryFn: () =>
      ask(
        {
          ...requirement.value,
          words: "",
          tags: { Data: [], Task: [], Library: [], Scenario: [], License: [] },
        },
        0,
        MOST,
      ),
    enabled: computed(() => requirement.value.specification !== null),
    staleTime: LATER,
    refetchOnWindowFocus: false,
  });
  const scores = computed(
    () => new Map((data.value?.singles ?? []).map((one) => [one.learnware.learnware_id, one])),
  );
  return { scores, isPending, isError };
}

/** Return what to recommend, or null where nothing was compared or nothing fits. */
export function adviceOf(answer: Answer): Advice | null {
  const [best] = answer.singles;
  if (answer.nothing_fits || answer.unexplained === null || best === undefined) return null;
  // A search by words and tags alone compares nothing.
  if (best.similarity === null || best.mmd2 === null) return null;
  const { mixture } = answer;
  if (mixture !== null) {
    return {
      parts: mixture.parts,
      score: mixture.score,
      similarity: mixture.similarity,
      mmd2: mixture.mmd2,
      noiseFloor: mixture.noise_floor,
      unexplained: mixture.unexplained,
      alone: best.score,
    };
  }
  return {
    parts: [{ learnware: best.learnware, weight: 1 }],
    score: best.score,
    similarity: best.similarity,
    mmd2: best.mmd2,
    noiseFloor: null,
    unexplained: answer.unexplained,
    alone: best.score,
  };
}

/** Learnwares by words and tags alone, where no data fit: in the order of the text, or of columns described alike. */
import { useQuery } from "@tanstack/vue-query";
import { computed, type Ref } from "vue";
import { api, body } from "@/api/client";
import { noValues, type FacetValues } from "@/learnware/facets";
import { semanticColumns } from "@/learnware/semantic";
import { matchColumns, matchedCount } from "./columns";
import { described, emptyRequirement, searchBody, type Requirement } from "./requirement";
import type { Answer, Found } from "./results";

/** Learnwares that are shown. */
const FEW = 12;
const PAGE = 100;
/** Learnwares whose columns are looked at. */
const MOST_LOOKED_AT = 500;

export interface Neighbours {
  found: Found[];
  /** What they are ordered by: columns described alike, or how well the text fits. */
  order: "columns" | "words";
  /** How many learnwares meet the words and tags, and how many were looked at. */
  total: number;
  looked: number;
  /** What had to be left out to find some. */
  withoutTags: boolean;
}

/** Neighbours of a requirement with some words; the words may be others than those that were searched before. */
export function useNeighbours(requirement: Readonly<Ref<Requirement>>, words: Readonly<Ref<string>>) {
  const columns = computed(() => ({
    inputs: described(requirement.value.inputs),
    outputs: described(requirement.value.outputs),
  }));
  const byColumns = computed(() => columns.value.inputs.length + columns.value.outputs.length > 0);
  const tags = computed(() => requirement.value.tags);
  const hasTags = computed(() => Object.values(tags.value).some((list) => list.length > 0));
  const query = useQuery({
    queryKey: computed(() => ["search-neighbours", words.value, tags.value, byColumns.value, columns.value]),
    queryFn: async (): Promise<Neighbours> => {
      const all = byColumns.value ? MOST_LOOKED_AT : FEW;
      let withoutTags = false;
      let answer = await fetchAll(words.value, tags.value, all);
      if (answer.total === 0 && words.value !== "" && hasTags.value) {
        withoutTags = true;
        answer = await fetchAll(words.value, noValues(), all);
      }
      const alike = byColumns.value ? rankByColumns(answer.found, requirement.value).slice(0, FEW) : [];
      const said = words.value !== "" || hasTags.value;
      return {
        found: alike.length > 0 ? alike : said ? answer.found.slice(0, FEW) : [],
        order: alike.length > 0 ? "columns" : "words",
        total: answer.total,
        looked: answer.found.length,
        withoutTags,
      };
    },
    enabled: computed(() => byColumns.value || words.value !== "" || hasTags.value),
    staleTime: 5 * 60_000,
    refetchOnWindowFocus: false,
  });
  return query;
}

/** Return those that have columns or outputs described alike, those with most of them first. */
export function rankByColumns(found: readonly Found[], requirement: Requirement): Found[] {
  const matched = ({ learnware }: Found, field: "Input" | "Output", wanted: Requirement["inputs"]): number =>
    matchedCount(
      matchColumns(wanted, semanticColumns(learnware, field)?.descriptions ?? new Map<number, string>()),
    );
  return found
    .map((one) => ({
      one,
      count: matched(one, "Input", requirement.inputs) + matched(one, "Output", requirement.outputs),
    }))
    .filter(({ count }) => count > 0)
    .sort((left, right) => right.count - left.count)
    .map(({ one }) => one);
}

async function fetchAll(
  words: string,
  tags: FacetValues,
  most: number,
): Promise<{ found: Found[]; total: number }> {
  const conditions = searchBody({ ...emptyRequirement(), words, tags });
  const found: Found[] = [];
  for (;;) {
    const answer: Answer = await body(
      api.POST("/api/v1/searches", {
        body: { ...conditions, offset: found.length, limit: Math.min(PAGE, most - found.length) },
      }),
    );
    found.push(...answer.singles);
    if (answer.singles.length === 0 || found.length >= Math.min(most, answer.total)) {
      return { found, total: answer.total };
    }
  }
}

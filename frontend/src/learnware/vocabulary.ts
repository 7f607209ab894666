/** The words that describe learnwares: the dock tells them, with labels in the language that is spoken. */
import { useQuery } from "@tanstack/vue-query";
import { api, body } from "@/api/client";
import { language } from "@/i18n";

/** Return the vocabulary, and a function that labels a value of it (`label("Data", "Table")`). */
export function useVocabulary() {
  const { data, error, refetch } = useQuery({
    queryKey: ["vocabulary"],
    queryFn: () => body(api.GET("/api/v1/vocabulary")),
    staleTime: Infinity,
  });
  // The words of all fields are in one list: what a value means does not depend on the field.
  const label = (_field: string, value: string): string => data.value?.labels[language()]?.[value] ?? value;
  return { vocabulary: data, label, error, refetch };
}

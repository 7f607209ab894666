/** The words that describe learnwares: the dock tells them, with labels in the language that is spoken. */
import { useQuery } from "@tanstack/vue-query";
import { api, body } from "@/api/client";
import { language } from "@/i18n";

/** Return the vocabulary, and a function that labels a value of it (`label("Data", "Table")`). */
export function useVocabulary() {
  const { data } = useQuery({
    queryKey: ["vocabulary"],
    queryFn: () => body(api.GET("/api/v1/vocabulary")),
    staleTime: Infinity,
  });
  const label = (field: string, value: string): string => {
    const labels = data.value?.labels?.[language()] as Record<string, Record<string, string>> | undefined;
    return labels?.[field]?.[value] ?? value;
  };
  return { vocabulary: data, label };
}

/** The words that types are told in. */
import { computed } from "vue";
import { useI18n } from "vue-i18n";
import type { SchemaWords } from "./schemas";

/** Return the words in the language that is spoken. */
export function useSchemaWords() {
  const { t } = useI18n();
  return computed<SchemaWords>(() => ({
    or: t("reference.type.or"),
    anything: t("reference.type.anything"),
    listOf: (type) => t("reference.type.listOf", { type }),
    mapOf: (type) => t("reference.type.mapOf", { type }),
  }));
}

/** The code of a mail, as its link brings it. */
import { ref } from "vue";
import { useRoute, useRouter } from "vue-router";

/** Return the code of the address, and take it out of the address: it is a secret until it has been used. */
export function useMailCode() {
  const route = useRoute();
  const router = useRouter();
  const given = route.query["code"];
  const code = ref(typeof given === "string" ? given : "");
  if (given !== undefined) void router.replace({ path: route.path });
  return code;
}

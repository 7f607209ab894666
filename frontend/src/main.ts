import { VueQueryPlugin } from "@tanstack/vue-query";
import { createApp } from "vue";
import App from "@/App.vue";
import { signedOut } from "@/api/client";
import { createQueryClient } from "@/api/queries";
import { guardSession } from "@/api/session";
import { i18n, initialLanguage, speak } from "@/i18n";
import { createAppRouter } from "@/router";
import "@/style.css";

const queryClient = createQueryClient();
signedOut.addEventListener("signed-out", () => void queryClient.invalidateQueries({ queryKey: ["session"] }));
guardSession(queryClient);
await speak(initialLanguage());
const router = createAppRouter(queryClient);
createApp(App).use(i18n).use(VueQueryPlugin, { queryClient }).use(router).mount("#app");

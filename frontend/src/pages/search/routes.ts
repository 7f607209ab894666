import type { RouteRecordRaw } from "vue-router";

/** Pages begin when what this tab had before is there. It is fetched with them: other pages do without. */
const ready = async (): Promise<void> => (await import("./useRequirement")).requirementReady();

const words = ["pages/search", "specification", "learnware/statistical"];

export default [
  {
    path: "/search",
    component: () => import("./SearchPage.vue"),
    meta: { words, title: "search.title" },
    beforeEnter: ready,
  },
  {
    path: "/search/results",
    component: () => import("./ResultsPage.vue"),
    meta: { words, title: "search.results.title" },
    beforeEnter: ready,
  },
] satisfies RouteRecordRaw[];

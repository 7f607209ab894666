import type { RouteRecordRaw } from "vue-router";

/** Pages begin when what this tab had before is there. It is fetched with them: other pages do without. */
const ready = async (): Promise<void> => (await import("@/pages/search/useRequirement")).requirementReady();

export default [
  {
    path: "/compare",
    component: () => import("./ComparePage.vue"),
    meta: { words: ["pages/compare", "pages/search"], title: "compare.title" },
    beforeEnter: ready,
  },
] satisfies RouteRecordRaw[];

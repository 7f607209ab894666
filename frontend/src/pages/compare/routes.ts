import type { RouteRecordRaw } from "vue-router";
import { requirementReady } from "@/pages/search/useRequirement";

export default [
  {
    path: "/compare",
    component: () => import("./ComparePage.vue"),
    meta: { words: ["pages/compare", "pages/search"], title: "compare.title" },
    beforeEnter: () => requirementReady(),
  },
] satisfies RouteRecordRaw[];

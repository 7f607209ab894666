import type { RouteRecordRaw } from "vue-router";

export default [
  {
    path: "/explore",
    component: () => import("./ExplorePage.vue"),
    meta: { words: ["pages/explore"], title: "explore.title" },
  },
] satisfies RouteRecordRaw[];

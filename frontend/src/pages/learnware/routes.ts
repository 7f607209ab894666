import type { RouteRecordRaw } from "vue-router";

export default [
  {
    path: "/learnwares/:learnwareId",
    component: () => import("./LearnwarePage.vue"),
    meta: {
      words: [
        "pages/learnware",
        "learnware",
        "pages/learnware/trial",
        "learnware/verification",
        "learnware/statistical",
        "specification",
      ],
      title: "learnware.title",
    },
  },
] satisfies RouteRecordRaw[];

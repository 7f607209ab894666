"""What is shown where the web app was not built."""

__all__ = ["NOT_BUILT"]

NOT_BUILT = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Learnware dock</title>
<style>
  :root { color-scheme: light dark }
  body { font: 1rem/1.6 system-ui, sans-serif; max-width: 36rem; margin: 12vh auto; padding: 0 1.5rem }
  code { font-family: ui-monospace, monospace; padding: .1em .3em; border: 1px solid; border-radius: .3em }
  section + section { margin-top: 3rem }
</style>
</head>
<body>
<main>
<section>
<h1>The dock is running</h1>
<p>Its web app was not built yet. In the checkout, run <code>make build</code> and open this page again.</p>
<p>The API works without it: <a href="/api/v1/openapi.json">its description</a>.</p>
</section>
<section lang="zh">
<h1>学件基座正在运行</h1>
<p>网页应用尚未构建。请在代码目录中运行 <code>make build</code>，然后重新打开本页。</p>
<p>没有它，接口也可以使用：<a href="/api/v1/openapi.json">接口说明</a>。</p>
</section>
</main>
</body>
</html>
"""

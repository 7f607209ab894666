"""In which language the dock answers and writes."""

from __future__ import annotations

import json
import re
from string import Formatter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from starlette.requests import Request

from beimingwu.api.problems import problem_response
from beimingwu.errors import InvalidSubmissionError, NotFoundError, problems
from beimingwu.messages import DOCK_FINDINGS, negotiated, translated_report
from beimingwu.messages.catalogue import load
from beimingwu.services.identity import Role
from beimingwu.services.package_checks import check_package, package_refused
from beimingwu.settings import Settings
from learnware.errors import InvalidPackageError
from learnware.findings import FINDINGS
from learnware.learnware import write_package
from learnware.verification import Finding, VerificationReport

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

V1 = "/api/v1"
ADA, BEA, PASSWORD = "ada@example.org", "bea@example.org", "correct horse"
CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}
HAN = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"), ("", "en"), ("zh", "zh"), ("zh-Hans-CN", "zh"), ("ZH-tw", "zh"), ("en-GB,zh;q=0.9", "en"),
        ("zh;q=0.5, en;q=0.7", "en"), ("fr, de;q=0.9", "en"), ("fr, zh;q=0.1", "zh"), ("zh, en", "zh"),
        ("en, zh", "en"), ("*", "en"), ("en;q=0, *", "zh"), ("zh;q=0, *;q=0.5", "en"),
        ("*;q=0.5, zh;q=0.6", "zh"), ("zh;q=0", "en"),
        ("zh;q=0,en;q=0", "en"), ("zh ; q=1.000", "zh"), ("zh;q=2", "en"), ("zh;v=1", "en"), (";;;,=,q", "en"),
        ("en;q=0.2,zh;q=0.1,zh-HK;q=0.9", "zh"), ("x," * 5000 + "zh", "en"), ("中文", "en"),
    ],
)  # fmt: skip
def test_which_language_is_preferred(header: str | None, language: str) -> None:
    assert negotiated(header) == language


def in_chinese(error: Exception) -> dict[str, Any]:
    """Return the problem document of an error."""
    headers = [(name.lower().encode(), value.encode()) for name, value in CHINESE.items()]
    answer = problem_response(Request({"type": "http", "headers": headers, "state": {}}), error)
    assert answer.headers["content-language"] == "zh"
    return dict(json.loads(bytes(answer.body)))


def test_problems_are_in_the_language_that_is_asked_for(shared_client: Any) -> None:
    answer = shared_client.get(f"{V1}/learnwares/00000099", headers=CHINESE)
    assert (answer.status_code, answer.json()["title"], answer.json()["detail"]) == (404, "没有找到", "没有这个学件")
    assert answer.json()["type"] == f"{V1}/problems/not-found"
    assert answer.headers["content-language"] == "zh"
    assert "Accept-Language" in answer.headers["vary"]
    answer = shared_client.get(f"{V1}/learnwares/00000099")
    assert (answer.json()["title"], answer.headers["content-language"]) == ("There is no such thing", "en")
    assert "Accept-Language" in answer.headers["vary"]
    # What the framework answers by itself.
    answer = shared_client.get(f"{V1}/nothing/here", headers=CHINESE)
    assert (answer.status_code, answer.json()["title"], answer.json()["detail"]) == (404, "未找到", "未找到")
    assert shared_client.delete(f"{V1}/vocabulary", headers=CHINESE).json()["title"] == "不允许使用此方法"


def test_what_is_wrong_with_fields(shared_client: Any) -> None:
    body = {"username": "", "email": "x", "password": 1, "colour": "red", "language": "fr"}
    answer = shared_client.post(f"{V1}/accounts", json=body, headers=CHINESE)
    assert (answer.status_code, answer.json()["title"]) == (422, "请求不符合要求")
    assert {one["field"]: one["message"] for one in answer.json()["errors"]} == {
        "/username": "至少 1 个字符",
        "/email": "至少 3 个字符",
        "/password": "应为文本",
        "/language": "应为 'en' 或 'zh'",
        "/colour": "没有这个字段",
    }
    assert answer.json()["detail"].startswith("/username：至少 1 个字符；")
    body = {"username": "ada", "email": ADA, "password": "short"}
    answer = shared_client.post(f"{V1}/accounts", json=body, headers=CHINESE)
    assert answer.json()["detail"] == "密码至少须有 8 个字符"
    assert answer.json()["errors"] == [{"field": "/password", "message": "至少须有 8 个字符"}]
    answer = shared_client.get(f"{V1}/learnwares?cursor=x", headers=CHINESE)
    assert answer.json()["detail"] == "cursor 须为同一排序的某一页的 next_cursor"
    search = {"semantic_specification": {"Name": {"Values": [1]}}}
    answer = shared_client.post(f"{V1}/searches", json=search, headers=CHINESE)
    assert answer.json()["errors"][0]["message"] == "应为文本，收到的是数"


def test_an_error_that_nobody_foresaw() -> None:
    document = in_chinese(RuntimeError("secret words"))
    assert (document["title"], document["detail"]) == ("服务器出错了", "服务器日志中有此请求编号的更多信息")


def test_kinds_of_problems(shared_client: Any) -> None:
    listed = shared_client.get(f"{V1}/problems", headers=CHINESE)
    assert listed.headers["content-language"] == "zh"
    assert len(listed.json()) == len(list(problems()))
    assert all(HAN.search(one["title"]) for one in listed.json())
    one = shared_client.get(f"{V1}/problems/not-found", headers=CHINESE)
    assert (one.json()["title"], one.headers["content-language"]) == ("没有找到", "zh")
    assert shared_client.get(f"{V1}/problems/not-found").json()["title"] == NotFoundError.title
    assert shared_client.get(f"{V1}/problems/no-such", headers=CHINESE).json()["detail"] == "没有这种问题"


def test_the_vocabulary_has_both_languages(shared_client: Any) -> None:
    answer = shared_client.get(f"{V1}/vocabulary").json()
    assert (answer["labels"]["zh"]["Table"], answer["labels"]["en"]["Table"]) == ("表格", "Table")
    assert set(answer["labels"]["zh"]) == set(answer["labels"]["en"])
    assert set(answer["findings"]) == {*FINDINGS, *DOCK_FINDINGS}
    named = answer["findings"]["semantic-twice"]
    assert named["en"] == "{key} names a value twice; name each once"
    assert named["zh"] == "{key} 中有重复的值；每个值只写一次"
    for said in answer["findings"].values():
        names = [{name for _, name, _, _ in Formatter().parse(said[one])} - {None} for one in ("en", "zh")]
        assert names[0] == names[1]


def test_searches_answer_in_it(both: Any, learnwares: Any) -> None:
    rig, client = both
    learnwares.publish_learnware(rig)
    wanted = {"Data": {"Values": ["Image", "Sound"]}}
    answer = client.post(f"{V1}/searches", json={"semantic_specification": wanted}, headers=CHINESE)
    assert answer.headers["content-language"] == "zh"
    first, _, second = answer.json()["message"].partition("。")
    assert first == "没有学件满足语义条件（Data 为 Image 或 Sound）"
    assert second == "Data 没有 'Sound' 这个值，可用的值有：Table, Image, Text。"
    states = {"z": [[0.0, 1.0, 2.0], [1.0, 2.0, 4.0]], "beta": [0.5, 0.5], "gamma": 0.1}
    given = {"statistical_specifications": {"RKMETableSpecification": states}}
    assert re.search("学件", client.post(f"{V1}/searches", json=given, headers=CHINESE).json()["message"])
    answer = client.post(f"{V1}/searches", json=given)
    assert (answer.headers["content-language"], HAN.search(answer.json()["message"])) == ("en", None)


def test_packages_that_are_refused(learnwares: Any, tmp_path: Path) -> None:
    path = write_package({"learnware.yaml": b"model: [1]", "a.bin": b""}, tmp_path / "0f.zip")
    with pytest.raises(InvalidSubmissionError) as refused:
        check_package(path, learnwares.semantic(scenarios=["Education", "Space"]), Settings(data_dir=tmp_path))
    document = in_chinese(refused.value)
    assert document["title"] == "学件包或其语义规约不符合要求"
    assert [one["message"].partition("：")[0] for one in document["errors"]] == [
        "Scenario 的值 'Space' 不在词表中；请选择以下一项或多项",
        "learnware.yaml",
    ]
    assert document["errors"][1]["message"] == "learnware.yaml：model 为 [1]；应为映射"
    broken = tmp_path / "1f.zip"
    broken.write_bytes(b"no zip")
    with pytest.raises(InvalidSubmissionError) as refused:
        check_package(broken, None, Settings(data_dir=tmp_path))
    # The store's name of the zip tells nobody anything, in no language.
    assert in_chinese(refused.value)["detail"] == "学件包 不是可读的 zip：File is not a zip file"
    assert str(refused.value) == "the package is no readable zip: File is not a zip file"
    plain = package_refused(InvalidPackageError(f"{str(broken)!r} is odd"), broken)
    assert in_chinese(plain)["detail"] == "the package is odd"


def test_reports_of_verifications(both: Any, learnwares: Any, as_bearer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rig, client = both
    findings = (
        Finding.of("package", "ok", "package-ok", {"files": 3, "size": 1200}),
        Finding.of("environment", "warning", "environment-warning", {"reason": "numpy 1 instead of 2"}),
        Finding.of("trial", "wrong", "trial-module", {"reason": "No module named 'q'", "module": "q"}),
        Finding("trial", "wrong", "of an older version", code="no-such-code"),
        Finding("trial", "wrong", "of a newer version", code="package-ok"),
    )
    kept = json.loads(json.dumps(VerificationReport("x.zip", findings).to_dict()))
    learnware_id = learnwares.submit_learnware(rig)
    view = SimpleNamespace(status="FAIL", attempts=1, started_at=None, ended_at=None, worker=None, report=kept)
    monkeypatch.setattr(rig.dock.verifications, "report", lambda *_: view)
    page = f"{V1}/learnwares/{learnware_id}/versions/1/verification"
    ada: Mapping[str, str] = as_bearer(rig.session())
    answer = client.get(page, headers={**ada, **CHINESE})
    assert answer.headers["content-language"] == "zh"
    said = answer.json()["report"]["findings"]
    assert [one["message"] for one in said] == [
        "学件包结构正确：3 个文件，1,200 字节",
        "numpy 1 instead of 2",
        "模型未通过试预测：No module named 'q'",
        "of an older version",
        "of a newer version",
    ]
    assert said[2]["mend"] == "请在 requirements.txt 或 environment.yaml 中写明包含 'q' 的依赖"
    assert (said[2]["code"], said[2]["values"]["module"]) == ("trial-module", "q")
    assert client.get(page, headers=ada).json()["report"] == kept
    assert translated_report({"findings": []}, "zh") == {"findings": []}


def mails_to(rig: Any, email: str) -> list[Any]:
    rig.drain()
    return [mail for mail in rig.outbox.mails if mail.to == email]


def test_mails_are_in_the_language_of_the_account(both: Any) -> None:
    rig, client = both
    body = {"username": "Ada", "email": ADA, "password": PASSWORD}
    answer = client.post(f"{V1}/accounts", json=body, headers=CHINESE)
    assert (answer.status_code, answer.json()["message"]) == (202, "邮件正在发往此邮箱")
    assert answer.headers["content-language"] == "zh"
    (mail,) = mails_to(rig, ADA)
    assert (mail.subject, mail.language) == ("请确认您的邮箱", "zh")
    assert "账户 'Ada'" in mail.text
    assert "1 天内有效" in mail.text
    code = re.search(r"您的验证码：(\w+)", mail.text)
    assert code is not None
    # Asked for again by somebody else's browser: it is still the account's.
    client.post(f"{V1}/accounts/confirmation-mails", json={"email": ADA})
    assert [one.language for one in mails_to(rig, ADA)] == ["zh", "zh"]
    assert client.post(f"{V1}/accounts/confirmations", json={"code": code[1]}).status_code == 204
    client.post(f"{V1}/accounts", json={**body, "username": "Eve"})
    assert mails_to(rig, ADA)[-1].subject == "您已有账户"
    client.post(f"{V1}/accounts/reset-mails", json={"email": ADA})
    reset = mails_to(rig, ADA)[-1]
    assert (reset.subject, "您的用户编号：1" in reset.text, "1 小时内" in reset.text) == ("请设置新密码", True, True)


def test_the_language_of_an_account(both: Any, as_bearer: Any) -> None:
    rig, client = both
    body = {"username": "Bea", "email": BEA, "password": PASSWORD, "language": "en"}
    # What is said outright goes before what the browser says.
    client.post(f"{V1}/accounts", json=body, headers=CHINESE)
    (mail,) = mails_to(rig, BEA)
    assert (mail.subject, mail.language) == ("Confirm your e-mail address", "en")
    client.post(f"{V1}/accounts/confirmations", json={"code": rig.outbox.code_for(BEA)})
    session = client.post(f"{V1}/sessions", json={"email": BEA, "password": PASSWORD}).json()
    assert session["account"]["language"] == "en"
    bea = as_bearer(session["token"])
    changed = client.patch(f"{V1}/account", headers=bea, json={"language": "zh"}).json()
    assert (changed["username"], changed["language"]) == ("Bea", "zh")
    changed = client.patch(f"{V1}/account", headers=bea, json={"username": "Beatrice"}).json()
    assert (changed["username"], changed["language"]) == ("Beatrice", "zh")
    assert client.patch(f"{V1}/account", headers=bea, json={"language": "fr"}).status_code == 422
    assert client.get(f"{V1}/account", headers=bea).json()["language"] == "zh"
    assert client.get(f"{V1}/account/export", headers=bea).json()["account"]["language"] == "zh"
    client.put(f"{V1}/account/password", headers=bea, json={"password": PASSWORD, "new_password": "another horse"})
    assert mails_to(rig, BEA)[-1].subject == "您的密码已更改"
    client.post(f"{V1}/account/email", headers=bea, json={"email": "b@example.org", "password": "another horse"})
    (mail,) = mails_to(rig, "b@example.org")
    assert (mail.subject, mail.language) == ("请确认您的新邮箱", "zh")
    assert mails_to(rig, BEA)[-1].subject == "您的邮箱即将更改"


def test_administrators_see_it_and_operators_set_it(both: Any, as_bearer: Any) -> None:
    rig, client = both
    account = rig.dock.users.create(ADA, "ada", PASSWORD, language="zh")
    assert account.language == "zh"
    assert mails_to(rig, ADA)[-1].subject == "请确认您的邮箱"
    rig.user("root", role=Role.ADMIN)
    admin = as_bearer(rig.session("root"))
    listed = client.get(f"{V1}/admin/users", headers=admin).json()["items"]
    assert {one["username"]: one["language"] for one in listed} == {"ada": "zh", "root": "en"}
    client.post(f"{V1}/admin/users/{account.user_id}/reset-mail", headers=admin)
    assert {one.language for one in mails_to(rig, ADA)} == {"zh"}
    # An address that another account has: its owner is told in their own language.
    rig.dock.users.create(BEA, "bea", PASSWORD, verified=True, language="zh")
    client.post(f"{V1}/account/email", headers=admin, json={"email": BEA, "password": PASSWORD})
    assert [one.subject for one in mails_to(rig, BEA)] == ["您已有账户"]
    assert [one.language for one in mails_to(rig, "root@example.org")] == ["en"]


def test_the_published_contract_goes_on_in_english(both: Any) -> None:
    rig, client = both
    wrong = {"username": "ada", "email": ADA, "password": "no digest"}
    assert client.post("/api/auth/register", json=wrong, headers=CHINESE).json()["msg"].isascii()
    # Its mails are in the language of who registers.
    body = {**wrong, "password": "5f4dcc3b5aa765d61d8327deb882cf99"}
    assert client.post("/api/auth/register", json=body, headers=CHINESE).json()["code"] == 0
    assert [one.language for one in mails_to(rig, ADA)] == ["zh"]


def test_files_of_translations_are_read_once() -> None:
    assert load("zh", "kinds") is load("zh", "kinds")

"""The public form: danger first, nothing lost, one case for a double click, a clean way out."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.clock import SetClock
from app.db import db
from app.engine import EngineRefused
from app.models import Alert, Blob, Case, Return
from app.services import deployments, documents, residents, returns, steps
from app.web.public import danger_lines
from tests import public

PNG = b"\x89PNG\r\n\x1a\n"


def file_key(landlord: str) -> str:
    """The key of the form's question for files."""
    return next(f.key for f in public.public_form(landlord).fields if f.type == "filepicker")


def cases() -> int:
    return db.session.scalar(select(func.count()).select_from(Case)) or 0


def test_the_numbers_to_ring_come_before_the_question(client: FlaskClient, landlord: str) -> None:
    page = client.get(f"/{landlord}/complain").text
    emergency = deployments.landlord(landlord).emergency_phone.replace(" ", "")
    for number in ("999", "0800111999", emergency, "111", "116123"):
        assert page.index(f'href="tel:{number}"') < page.index("<form")
    assert "<h1>Is anyone in danger now?" in page


def test_without_an_answer_the_numbers_stay_and_the_question_is_asked_again(
    client: FlaskClient, landlord: str
) -> None:
    answer = client.post(f"/{landlord}/complain", data={})
    assert answer.status_code == 422
    assert 'href="tel:999"' in answer.text
    assert "There is a problem" in answer.text


def test_yes_or_not_sure_leads_to_help_and_no_answer_ends_the_complaint(
    client: FlaskClient, landlord: str
) -> None:
    help_now = client.post(f"/{landlord}/complain", data={"danger": "now"}, follow_redirects=True)
    assert help_now.request.path == f"/{landlord}/complain/help-now"
    assert 'href="tel:999"' in help_now.text
    assert f'href="/{landlord}/complain/form"' in help_now.text
    for answer in ("home", "no"):
        went = client.post(f"/{landlord}/complain", data={"danger": answer})
        assert (went.status_code, went.location) == (303, f"/{landlord}/complain/form")


def test_the_form_cannot_be_reached_past_the_first_question(
    client: FlaskClient, landlord: str
) -> None:
    assert client.get(f"/{landlord}/complain/form").location == f"/{landlord}/complain"


@pytest.mark.parametrize("danger", ["now", "home"])
def test_danger_is_never_lost_whatever_the_form_says_later(
    client: FlaskClient, landlord: str, danger: str
) -> None:
    public.complain(client, landlord, danger, triage_hazard="no", triage_safeguarding="no")
    case = db.session.scalars(select(Case)).one()
    assert case.hazard
    assert case.triage["triage_hazard"] == "yes"
    assert db.session.scalars(select(Alert.team)).one() == (
        deployments.landlord(landlord).alert_team_hazard
    )


def test_danger_reaches_the_team_of_a_landlord_whose_form_does_not_ask_for_it(
    client: FlaskClient, landlord: str
) -> None:
    files = dict(deployments.live(landlord).files)
    path = f"forms/{public.public_form(landlord).name}.form"
    files[path] = files[path].replace(b'"triage_hazard"', b'"asked_otherwise"')
    deployments.deploy(landlord, files)
    public.complain(client, landlord, "now")
    assert db.session.scalars(select(Case)).one().hazard
    assert db.session.scalars(select(Alert)).one()


def test_nothing_typed_is_lost_when_something_is_missing(
    client: FlaskClient, landlord: str
) -> None:
    fields = public.typed(landlord, resident_name="", story="It rains in.\n\n<b>Since May.</b>")
    fields |= public.open_form(client, landlord, "home")
    fields["pr_file_" + file_key(landlord)] = (BytesIO(PNG), "ceiling.png")
    answer = public.send(client, landlord, fields)
    assert answer.status_code == 422
    assert "It rains in.\n\n&lt;b&gt;Since May.&lt;/b&gt;" in answer.text
    assert 'href="#resident_name"' in answer.text
    blob = db.session.scalars(select(Blob)).one()
    assert f'value="{blob.id}" checked' in answer.text
    assert "ceiling.png" in answer.text
    kept = public.own_fields(answer.text)
    assert kept["pr_danger"] == "home"
    assert kept["pr_key"] == fields["pr_key"]
    assert cases() == 0


def test_files_can_be_added_one_after_the_other_and_left_out_again(
    client: FlaskClient, landlord: str
) -> None:
    key = file_key(landlord)
    own = public.open_form(client, landlord)
    for name in ("one.png", "two.png"):
        stored = list(db.session.scalars(select(Blob.id)))
        fields = own | {"pr_do": "add_files", key: stored, f"pr_file_{key}": (BytesIO(PNG), name)}
        answer = public.send(client, landlord, fields)
        assert answer.status_code == 200, "missing answers are no matter yet"
    assert "one.png" in answer.text
    assert "two.png" in answer.text
    first = db.session.scalars(select(Blob.id).where(Blob.name == "one.png")).one()
    public.send(client, landlord, own | public.typed(landlord) | {key: [first]})
    case = db.session.scalars(select(Case)).one()
    assert [b.id for b in db.session.scalars(select(Blob).where(Blob.case_id == case.id))] == [
        first
    ]


def test_a_file_of_a_wrong_kind_is_named_and_the_others_are_kept(
    client: FlaskClient, landlord: str
) -> None:
    key = file_key(landlord)
    fields = public.typed(landlord) | public.open_form(client, landlord)
    fields[f"pr_file_{key}"] = [(BytesIO(b"<svg/>"), "a.svg"), (BytesIO(PNG), "b.png")]
    answer = public.send(client, landlord, fields)
    assert answer.status_code == 422
    assert "a.svg: We can take photos" in answer.text
    assert "b.png" in answer.text


def test_several_large_photos_may_be_sent_at_once(client: FlaskClient, landlord: str) -> None:
    key = file_key(landlord)
    fields = public.typed(landlord) | public.open_form(client, landlord)
    photo = PNG + bytes(14 * 1024 * 1024)
    fields[f"pr_file_{key}"] = [(BytesIO(photo), "a.png"), (BytesIO(photo), "b.png")]
    assert public.send(client, landlord, fields).status_code == 303


def test_a_complaint_gives_a_reference_a_private_link_a_date_and_the_ombudsman(
    client: FlaskClient, landlord: str
) -> None:
    answer = public.send(
        client, landlord, public.typed(landlord) | public.open_form(client, landlord)
    )
    page = client.get(answer.location)
    shown = public.receipt(page.text)
    case = db.session.scalars(select(Case)).one()
    assert shown.reference == case.reference
    assert residents.case_behind(landlord, shown.token) is case
    found = residents.page(landlord, shown.token, known=False)
    assert found.upcoming is not None
    assert found.upcoming[0].due_on is not None
    assert f"{found.upcoming[0].due_on:%B %Y}" in page.text
    assert deployments.landlord(landlord).ombudsman.name in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert case.resident.name not in page.text


def test_a_double_click_makes_one_complaint_and_both_clicks_show_the_same_link(
    client: FlaskClient, landlord: str
) -> None:
    fields = public.typed(landlord) | public.open_form(client, landlord)
    receipts = []
    for _ in range(2):
        answer = public.send(client, landlord, fields)
        receipts.append(public.receipt(client.get(answer.location).text))
    assert receipts[0] == receipts[1]
    assert cases() == 1


def test_the_receipt_is_shown_in_this_visit_only(
    app: Flask, client: FlaskClient, landlord: str
) -> None:
    public.complain(client, landlord)
    somebody_else = app.test_client().get(f"/{landlord}/complain/done")
    assert somebody_else.location == f"/{landlord}/complain"


def test_clear_and_leave_forgets_the_visit_and_goes_to_a_neutral_site(
    client: FlaskClient, landlord: str
) -> None:
    public.complain(client, landlord)
    left = client.get(f"/{landlord}/leave")
    assert left.location == deployments.landlord(landlord).leave_to
    assert left.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert left.headers["Referrer-Policy"] == "no-referrer"
    assert client.get(f"/{landlord}/complain/done").location == f"/{landlord}/complain"


def test_every_public_page_has_the_way_out(client: FlaskClient, landlord: str) -> None:
    receipt = public.complain(client, landlord)
    for path in ("complain", "complain/help-now", "complain/done", receipt.path.split("/", 2)[2]):
        assert f'href="/{landlord}/leave"' in client.get(f"/{landlord}/{path}").text


def test_a_form_can_be_saved_and_finished_from_another_browser(
    app: Flask, client: FlaskClient, landlord: str
) -> None:
    fields = public.open_form(client, landlord, "home") | {"story": "Half of it", "pr_do": "save"}
    saved = client.get(public.send(client, landlord, fields).location)
    assert "You have not complained yet" in saved.text
    token = saved.text.split("/complain/return/")[1].split('"')[0]
    assert cases() == 0
    elsewhere = app.test_client()
    back = elsewhere.get(f"/{landlord}/complain/return/{token}")
    assert "Half of it" in back.text
    own = public.own_fields(back.text)
    assert own["pr_danger"] == "home"
    sent = public.send(elsewhere, landlord, public.typed(landlord) | own)
    assert sent.status_code == 303
    assert elsewhere.get(f"/{landlord}/complain/return/{token}").status_code == 404
    assert db.session.scalars(select(Return)).all() == []


def test_saving_again_keeps_the_link(client: FlaskClient, landlord: str) -> None:
    own = public.open_form(client, landlord)
    links = set()
    for story in ("First", "Second"):
        answer = public.send(client, landlord, own | {"story": story, "pr_do": "save"})
        token = client.get(answer.location).text.split("/complain/return/")[1].split('"')[0]
        links.add(token)
        own = public.own_fields(client.get(f"/{landlord}/complain/return/{token}").text)
    assert len(links) == 1
    assert returns.values_of(landlord, links.pop())["story"] == ["Second"]


def test_a_saved_form_is_gone_after_14_days(
    client: FlaskClient, landlord: str, clock: SetClock
) -> None:
    token = returns.save(landlord, {"story": ["Half of it"]})
    clock.move_to(clock.at + timedelta(days=13))
    assert client.get(f"/{landlord}/complain/return/{token}").status_code == 200
    clock.move_to(clock.at + timedelta(days=1))
    assert client.get(f"/{landlord}/complain/return/{token}").status_code == 404
    returns.drop_old()
    assert db.session.scalars(select(Return)).all() == []


def test_files_that_are_no_longer_kept_are_asked_for_again(
    client: FlaskClient, landlord: str, clock: SetClock
) -> None:
    blob = documents.upload(landlord, "a.png", PNG)
    token = returns.save(landlord, {file_key(landlord): [blob.id]})
    clock.move_to(clock.at + timedelta(days=8))
    documents.drop_unclaimed()
    assert "Add them again" in client.get(f"/{landlord}/complain/return/{token}").text


def test_a_flood_is_slowed_down_and_nothing_typed_is_lost(
    client: FlaskClient, landlord: str, clock: SetClock
) -> None:
    for _ in range(10):
        public.complain(client, landlord)
    fields = public.typed(landlord, story="The eleventh") | public.open_form(client, landlord)
    refused = public.send(client, landlord, fields)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "360"  # one more every six minutes
    assert deployments.landlord(landlord).phone in refused.text
    assert "The eleventh" in refused.text
    clock.move_to(clock.at + timedelta(hours=1))
    assert public.send(client, landlord, fields).status_code == 303


def test_a_flood_of_files_is_slowed_down(client: FlaskClient, landlord: str) -> None:
    key = file_key(landlord)
    own = public.open_form(client, landlord) | {"pr_do": "add_files"}
    for batch in (30, 30, 1):
        files = [(BytesIO(PNG), f"{n}.png") for n in range(batch)]
        answer = public.send(client, landlord, own | {f"pr_file_{key}": files})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_a_page_that_was_open_too_long_comes_back_with_what_was_typed(
    app: Flask, client: FlaskClient, landlord: str
) -> None:
    own = public.open_form(client, landlord)
    app.config["WTF_CSRF_ENABLED"] = True
    fields = public.typed(landlord, story="Written for an hour") | own
    answer = public.send(client, landlord, fields)
    assert answer.status_code == 422
    assert "Written for an hour" in answer.text
    assert cases() == 0
    token = answer.text.split('name="csrf_token" value="')[1].split('"')[0]
    assert public.send(client, landlord, fields | {"csrf_token": token}).status_code == 303


def test_when_we_cannot_take_it_nothing_typed_is_lost_and_it_may_be_sent_again(
    client: FlaskClient, landlord: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = public.typed(landlord, story="My whole story") | public.open_form(client, landlord)
    with monkeypatch.context() as broken:

        def refuse(*_: object) -> None:
            raise EngineRefused("no way on")

        broken.setattr(steps, "begin", refuse)
        answer = public.send(client, landlord, fields)
    assert answer.status_code == 503
    assert "My whole story" in answer.text
    assert deployments.landlord(landlord).phone in answer.text
    assert cases() == 0
    assert public.send(client, landlord, fields).status_code == 303


def test_an_unknown_landlord_has_no_form(client: FlaskClient, landlord: str) -> None:
    for path in ("complain", "complain/form", "complain/help-now", "leave"):
        assert client.get(f"/nobody/{path}").status_code == 404


def test_a_landlord_may_reword_a_number_and_add_its_own_but_never_lose_999(
    landlord: str,
) -> None:
    plain = deployments.landlord(landlord)
    changed = type(plain).model_validate(
        plain.model_dump()
        | {
            "nation": "NIR",
            "danger_lines": [
                {"name": "Fire", "phone": "999"},
                {"name": "The lift is stuck", "phone": "0161 496 0999"},
            ],
        }
    )
    lines = danger_lines(changed)
    assert [line["number"] for line in lines][:2] == ["999", "0800 002 001"]
    assert lines[0]["when"] == "Fire"
    assert "The lift is stuck" in [line["when"] for line in lines]
    assert "111" not in [line["number"] for line in lines], "there is no 111 in Northern Ireland"

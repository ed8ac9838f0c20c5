"""Gives a new store a small company, and writes what schemathesis needs to know of it.

company.py BASE ADMINISTRATOR CONFIG: tokens, a product, two customers with papers, orders, a shipment, an invoice and a
receipt, all by ordinary requests; then a configuration that names their ids and who may do what.
"""

import datetime
import json
import sys
import urllib.request

BASE, ADMINISTRATOR, CONFIG = sys.argv[1:]
# Approvals, grants and releases are signed in person; a program with these roles does everything else.
IN_PERSON = {
    "quality": "qualification/(approve|reject|return)",
    "credit": "credit/|release",
    **{role: "qualification/approve" for role in ("sales", "legal", "compliance")},
}
OTHERS = ["sales", "finance", "warehouse", "compliance", "auditor", "quality"]
TODAY = datetime.date.today()


def send(method, path, secret, body, kind="application/json"):
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": kind}
    request = urllib.request.Request(BASE + path, body, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def post(path, secret, **body):
    return send("POST", path, secret, json.dumps(body).encode())


def day(days):
    return str(TODAY + datetime.timedelta(days=days))


def paper(secret, kind, number, **more):
    scan = send("PUT", "/v1/attachments", secret, b"%PDF-1.7\n" + number.encode(), "application/pdf")["id"]
    return dict(kind=kind, number=number, issued_on=day(-300), valid_to=day(1400), copy="sealed_copy", scan=scan, **more)


def customer(people, product, uscc):
    program = people["program"]
    made = post("/v1/customers", program, name=f"示范{uscc}", uscc=uscc, kind="distributor", delivery_addresses=["杭州市示范路2号"])
    path = f"/v1/customers/{made['id']}"
    papers = [paper(program, "business_licence", uscc),
              paper(program, "device_trading_licence", uscc, mode="wholesale",
                    scope=[{"catalogue": "2017", "code": "13", "class": "III"}])]
    documents = [post(f"{path}/documents", program, **one)["id"] for one in papers]
    post(f"{path}/qualification/submit", program)
    for reviewer in ("sales", "legal", "compliance", "quality"):
        post(f"{path}/qualification/approve", people[reviewer])
    limit = {"kind": "amount", "amount": {"amount": "100000.00", "currency": "CNY"}}
    post(f"{path}/credit/grant", people["credit"], limit=limit, terms_days=60, valid_until=day(300))
    line = {"product": product, "quantity": 3, "unit_price": "1000.00"}
    orders = [post(f"{path}/orders", program, lines=[line])["id"] for _ in range(3)]
    lot = {"line": 1, "quantity": 1, "lot": "L1", "manufactured_on": day(-100), "expires_on": day(600)}
    shipment = post(f"{path}/orders/{orders[0]}/shipments", program, lines=[lot])["id"]
    invoice = post(f"{path}/orders/{orders[0]}/invoices", program, number="INV-1", shipments=[shipment])["id"]
    amount = {"amount": "400.00", "currency": "CNY"}
    receipt = post(f"{path}/receipts", program, reference="BANK-1", amount=amount)["id"]
    return {"id": made["id"], "did": documents, "oid": orders, "iid": invoice, "rid": receipt, "scan": papers[0]["scan"]}


def texts(values):
    return json.dumps(values, ensure_ascii=False)


def main():
    people = {role: post("/v1/tokens", ADMINISTRATOR, name=role, role=role)["secret"] for role in IN_PERSON}
    people["program"] = post("/v1/tokens", ADMINISTRATOR, name="program", roles=OTHERS, machine=True)["secret"]
    product = post("/v1/products", people["program"], **{
        "code": "STENT", "name": "冠状动脉支架系统", "specification": "3.5×18 mm", "unit": "套", "class": "III",
        "catalogue": {"version": "2017", "code": "13-07-02"}, "registration_number": "国械注准20243139901",
        "registered_from": day(-700), "registered_to": day(1000), "registrant": "示范器械股份有限公司",
        "manufacturer": "示范器械股份有限公司", "manufacturer_licence": "浙药监械生产许20200001号",
        "udi_di": "06901234567892", "udi_issuer": "gs1", "traits": ["implant"]})["id"]
    one = customer(people, product, "91330100000000001C")
    # The dictionary's values are chosen most of the time; what is made up otherwise tries the refusals.
    known = {"customers": {"id": [one["id"]], "did": one["did"], "oid": one["oid"], "iid": [one["iid"]], "rid": [one["rid"]]},
             "products": {"id": [product]}, "attachments": {"id": [one["scan"]]}}
    lines = [
        f'headers = {{ Authorization = "Bearer {people["program"]}" }}',
        # Positions that are there, and one that is waited for in vain: 503 says so.
        'parameters = { "query.at" = { dictionary = "positions", probability = 0.97 } }',
        '[checks.not_a_server_error]\nexpected-statuses = ["2xx", "3xx", "4xx", 503]',
        "[dictionaries.positions]\nvalues = [0, 1, 20]",
    ]
    operations = []
    for resource, parameters in known.items():
        named = []
        for name, values in parameters.items():
            lines.append(f"[dictionaries.{resource}_{name}]\nvalues = {texts(values)}")
            named.append(f'"path.{name}" = {{ dictionary = "{resource}_{name}", probability = 0.8 }}')
        operations.append((f"^/v1/{resource}/", f"parameters = {{ {', '.join(named)} }}"))
    for role, paths in IN_PERSON.items():
        operations.append((f"^/v1/customers/.*({paths})", f'headers = {{ Authorization = "Bearer {people[role]}" }}'))
    operations.append(("^/v1/(staff|tokens)", f'headers = {{ Authorization = "Bearer {ADMINISTRATOR}" }}'))
    for pattern, more in operations:
        lines.append(f"[[operations]]\ninclude-path-regex = {json.dumps(pattern)}\n{more}")
    # It never ends.
    lines.append('[[operations]]\ninclude-path = "/v1/events/stream"\nenabled = false')
    with open(CONFIG, "w", encoding="utf-8") as config:
        config.write("\n".join(lines) + "\n")


main()

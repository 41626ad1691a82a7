"""Starts a real portal server on a free loopback port: ``serve.py pycsw|pygeoapi FOLDER``; its address is printed.

Runs in an environment of its own (requirements.lock), apart from the program that is tested.
"""

import json
import os
import sys
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

RECORDS = [
    {"id": "air-quality", "title": "대기질 측정 자료", "abstract": "측정소별 하루 평균", "modified": "2026-03-02"},
    {"id": "bus-stops", "title": "버스 정류장 위치", "abstract": "정류장 좌표와 이름", "modified": "2026-04-11"},
    {"id": "flood-map", "title": "침수 흔적도", "abstract": "침수 구역 경계", "modified": "2026-05-20"},
]
"""Invented."""


def pycsw(folder, address):
    database, config = folder / "records.db", folder / "pycsw.cfg"
    config.write_text(
        "[server]\n"
        f"home={folder}\nurl={address}/csw\nmimetype=application/xml; charset=UTF-8\nencoding=UTF-8\nlanguage=en-US\n"
        "maxrecords=10\nprofiles=apiso\n"
        "[manager]\ntransactions=false\n"
        "[metadata:main]\nidentification_title=Sample catalogue\nidentification_abstract=Invented\n"
        "identification_keywords=sample\nidentification_keywords_type=theme\nidentification_fees=None\n"
        "identification_accessconstraints=None\nprovider_name=Nobody\nprovider_url=http://localhost/\n"
        "contact_name=Nobody\ncontact_position=none\ncontact_address=none\ncontact_city=none\n"
        "contact_stateorprovince=none\ncontact_postalcode=0\ncontact_country=none\ncontact_phone=0\ncontact_fax=0\n"
        "contact_email=nobody@localhost\ncontact_url=http://localhost/\ncontact_hours=0\n"
        "contact_instructions=none\ncontact_role=pointOfContact\n"
        f"[repository]\ndatabase=sqlite:///{database}\ntable=records\n"
        "[metadata:inspire]\nenabled=false\n",
        encoding="utf-8",
    )
    sources = folder / "records"
    sources.mkdir()
    for record in RECORDS:
        (sources / f"{record['id']}.xml").write_text(
            '<csw:Record xmlns:csw="http://www.opengis.net/cat/csw/2.0.2" xmlns:dc="http://purl.org/dc/elements/1.1/" '
            'xmlns:dct="http://purl.org/dc/terms/">'
            f"<dc:identifier>{record['id']}</dc:identifier><dc:title>{record['title']}</dc:title>"
            f"<dc:type>dataset</dc:type><dct:modified>{record['modified']}</dct:modified>"
            f"<dct:abstract>{record['abstract']}</dct:abstract></csw:Record>",
            encoding="utf-8",
        )
    os.environ["PYCSW_CONFIG"] = str(config)
    from pycsw.core import admin
    from pycsw.core import config as settings
    from pycsw.wsgi import application

    admin.setup_db(f"sqlite:///{database}", "records", str(folder))
    admin.load_records(settings.StaticContext(), f"sqlite:///{database}", "records", str(sources))
    return application


def pygeoapi(folder, address):
    records, places = folder / "records.db", folder / "places.geojson"
    stored = {
        str(number): {
            "id": record["id"],
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [127.0 + number / 10, 37.5]},
            "properties": {
                "externalId": record["id"],
                "title": record["title"],
                "description": record["abstract"],
                "recordCreated": record["modified"],
                "type": "dataset",
            },
            "links": [],
        }
        for number, record in enumerate(RECORDS, 1)
    }
    records.write_text(json.dumps({"_default": stored}), encoding="utf-8")
    features = [{**feature, "id": number} for number, feature in enumerate(stored.values())]
    places.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    extents = {"spatial": {"bbox": [-180, -90, 180, 90], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}}

    def collection(title, provider):
        return {
            "type": "collection",
            "title": title,
            "description": title,
            "keywords": ["sample"],
            "extents": extents,
            "links": [],
            "providers": [provider],
        }

    config = {
        "server": {
            "bind": {"host": "127.0.0.1", "port": int(address.rpartition(":")[2])},
            "url": address,
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "languages": ["en-US"],
            "limits": {"default_items": 10, "max_items": 100},
            "map": {"url": "http://localhost/{z}/{x}/{y}.png", "attribution": "none"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": "Sample",
                "description": "Invented",
                "keywords": ["sample"],
                "keywords_type": "theme",
                "terms_of_service": "none",
                "url": "http://localhost/",
            },
            "license": {"name": "CC0", "url": "http://localhost/"},
            "provider": {"name": "Nobody", "url": "http://localhost/"},
            "contact": {"name": "Nobody", "email": "nobody@localhost"},
        },
        "resources": {
            "metadata": collection(
                "Sample records",
                {
                    "type": "record",
                    "name": "TinyDBCatalogue",
                    "data": str(records),
                    "id_field": "externalId",
                    "time_field": "recordCreated",
                    "title_field": "title",
                },
            ),
            "places": collection(
                "Sample places", {"type": "feature", "name": "GeoJSON", "data": str(places), "id_field": "id"}
            ),
        },
    }
    settings, openapi = folder / "pygeoapi.yml", folder / "openapi.yml"
    settings.write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
    os.environ |= {"PYGEOAPI_CONFIG": str(settings), "PYGEOAPI_OPENAPI": str(openapi)}
    from pygeoapi.openapi import generate_openapi_document

    openapi.write_text(generate_openapi_document(settings, "yaml"), encoding="utf-8")
    from pygeoapi.flask_app import APP

    return APP.wsgi_app


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, format, *arguments):
        pass


def main():
    kind, folder = sys.argv[1], Path(sys.argv[2])
    with make_server("127.0.0.1", 0, None, Server, Quiet) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        said, sys.stdout = sys.stdout, sys.stderr  # what the libraries print is no address
        server.set_app({"pycsw": pycsw, "pygeoapi": pygeoapi}[kind](folder, address))
        print(address, file=said, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()

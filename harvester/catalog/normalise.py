"""A dataset with the source's values into one with everybody's: pure, idempotent, the hottest code of a harvest.

What is unknown stays as the source wrote it and is counted by an issue; what cannot be kept (a ``javascript:`` link)
leaves an issue with the value. Nothing is guessed: theme, licence and publisher change only by a row of a vocabulary.
"""

from __future__ import annotations

from harvester.catalog.findings import Findings
from harvester.catalog.model import Catalog, DataService, Dataset, Distribution, Issue
from harvester.catalog.text import to_block
from harvester.catalog.values import Values, present
from harvester.catalog.vocabularies import Vocabularies

VERSION = 1
"""Raised whenever the same input would normalise to something else; part of `Processor.version`."""


class Normaliser:
    """Normalises the datasets of one catalogue."""

    def __init__(self, vocabularies: Vocabularies, catalog: Catalog) -> None:
        self._vocabularies = vocabularies
        self._values = Values(vocabularies, catalog)

    def normalise(self, dataset: Dataset) -> tuple[Dataset, tuple[Issue, ...]]:
        """Give the dataset with normal values, and what was noticed. Doing it twice changes nothing more."""
        found = Findings()
        values = self._values
        license = values.license(dataset.license, "license", found) if dataset.license else None
        modified, cycle = values.modified(dataset.modified, found)
        frequency = dataset.accrual_periodicity or cycle
        normal = Dataset(
            id=dataset.id,
            source=dataset.source,
            identifier=dataset.identifier,
            title=values.text(dataset.title, "title", found),
            description=values.text(dataset.description, "description", found, lines=True),
            keyword=values.keywords(dataset.keyword),
            theme=values.themes(dataset.theme, found) if dataset.theme else (),
            type=values.type(dataset.type, found) if dataset.type else None,
            publisher=values.agent(dataset.publisher, "publisher", found) if dataset.publisher else None,
            creator=present(values.agent(one, "creator", found) for one in dataset.creator) if dataset.creator else (),
            contact_point=(
                present(values.contact(one, found) for one in dataset.contact_point) if dataset.contact_point else ()
            ),
            landing_page=values.url(dataset.landing_page, "landing_page", found) if dataset.landing_page else None,
            page=present(values.url(one, "page", found) for one in dataset.page) if dataset.page else (),
            issued=values.date(dataset.issued, "issued", found) if dataset.issued else None,
            modified=modified,
            accrual_periodicity=values.frequency(frequency, found) if frequency else None,
            temporal=present(values.period(one, found) for one in dataset.temporal) if dataset.temporal else (),
            spatial=present(values.location(one, found) for one in dataset.spatial) if dataset.spatial else (),
            language=values.languages(dataset.language, found) if dataset.language else (),
            license=license,
            rights=values.text(dataset.rights, "rights", found, lines=True) if dataset.rights else {},
            access_rights=values.access_rights(dataset.access_rights, found) if dataset.access_rights else None,
            conforms_to=values.lines(dataset.conforms_to),
            version=values.line(dataset.version),
            provenance=values.text(dataset.provenance, "provenance", found, lines=True) if dataset.provenance else {},
            legal_basis=values.line(dataset.legal_basis),
            fee=values.line(dataset.fee),
            is_part_of=values.lines(dataset.is_part_of),
            other_identifier=values.lines(dataset.other_identifier),
            distribution=self._distributions(dataset.distribution, found) if dataset.distribution else (),
            additional=(
                {key: text for key, value in dataset.additional.items() if not values.is_empty(text := to_block(value))}
                if dataset.additional
                else {}
            ),
        )
        return normal, found.issues()

    def _distributions(self, distributions: tuple[Distribution, ...], found: Findings) -> tuple[Distribution, ...]:
        normal: list[Distribution] = []
        for one in distributions:
            self._distribution(one, normal, found)
        return tuple(normal)

    def _distribution(self, one: Distribution, normal: list[Distribution], found: Findings) -> None:
        """Append the distribution: once, or once for each of several formats that it names."""
        values = self._values
        stated = one.format
        if stated:
            formats = self._vocabularies.format(stated.source, stated.uri, one.media_type, stated.code)
        else:
            formats = self._vocabularies.format("", None, one.media_type)
        for text in formats.unknown:
            found.note("unknown-format", "distribution.format", text)
        if formats.dropped:
            found.note("bad-media-type", "distribution.media_type", formats.dropped)
        access_url, download_url = one.access_url, one.download_url
        if access_url:
            access_url = values.url(access_url, "distribution.access_url", found)
        if download_url:
            download_url = values.url(download_url, "distribution.download_url", found)
        for concept, media_type in formats.formats:
            normal.append(
                Distribution(
                    identifier=one.identifier,
                    title=values.text(one.title, "distribution.title", found) if one.title else {},
                    description=(
                        values.text(one.description, "distribution.description", found, lines=True)
                        if one.description
                        else {}
                    ),
                    access_url=access_url,
                    download_url=download_url,
                    format=concept,
                    media_type=media_type,
                    byte_size=one.byte_size if one.byte_size and one.byte_size > 0 else None,
                    checksum=one.checksum,
                    issued=values.date(one.issued, "distribution.issued", found) if one.issued else None,
                    modified=values.date(one.modified, "distribution.modified", found) if one.modified else None,
                    license=values.license(one.license, "distribution.license", found) if one.license else None,
                    rights=values.text(one.rights, "distribution.rights", found, lines=True) if one.rights else {},
                    conforms_to=values.lines(one.conforms_to) if one.conforms_to else (),
                    access_service=self._service(one.access_service, found) if one.access_service else None,
                )
            )

    def _service(self, service: DataService, found: Findings) -> DataService:
        values = self._values
        url, description = service.endpoint_url, service.endpoint_description
        return DataService(
            title=values.text(service.title, "access_service.title", found) if service.title else {},
            endpoint_url=values.url(url, "access_service.endpoint_url", found) if url else None,
            endpoint_description=(
                values.url(description, "access_service.endpoint_description", found) if description else None
            ),
            conforms_to=values.lines(service.conforms_to),
        )

"""Dumps of a database, as mysqldump of MySQL 8 writes them, plain and compressed."""

from __future__ import annotations

import gzip

from bartizan.detection.decoys.files import names_of
from bartizan.detection.decoys.model import Content, Maker
from bartizan.detection.decoys.people import person
from bartizan.detection.fakes.forms import UNTIL, moment

__all__ = ["sql_dump", "sql_dump_gz"]

_HASH = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_ROWS = 40
_DAY = 86400
_BEFORE = """/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET @OLD_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS */;
/*!40101 SET @OLD_COLLATION_CONNECTION=@@COLLATION_CONNECTION */;
/*!50503 SET NAMES utf8mb4 */;
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;
"""
_AFTER = """/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;

/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
/*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */;
/*!40014 SET UNIQUE_CHECKS=@OLD_UNIQUE_CHECKS */;
/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
/*!40101 SET CHARACTER_SET_RESULTS=@OLD_CHARACTER_SET_RESULTS */;
/*!40101 SET COLLATION_CONNECTION=@OLD_COLLATION_CONNECTION */;
/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;
"""


def sql_dump(maker: Maker) -> Content:
    """A dump of users and their API keys."""
    service, host, _ = names_of(maker)
    shared = maker.keyed.root("installation", "rows")
    begin, version = 1000 + shared.below(9000), f"8.0.{shared.between(28, 39)}"
    rows = []
    for number in range(begin, begin + _ROWS):
        each = person(maker.keyed.root("people"), number)
        digest = f"$2b$12${maker.keyed.root('hash', number).text(_HASH, 53)}"
        rows.append(f"({number},'{each.first}','{each.last}','{each.email}','{digest}')")
    key = f"(1,{begin},'{maker.secret('api_key')}')"
    at = UNTIL - _DAY * maker.keyed.between(1, 60)
    done = f"{moment('date', at)}  2:{maker.keyed.between(10, 59)}:{maker.keyed.between(10, 59)}"
    return _content(
        f"-- MySQL dump 10.13  Distrib {version}, for Linux (x86_64)\n"
        f"--\n-- Host: {host}    Database: {service}\n"
        f"-- {'-' * 54}\n-- Server version\t{version}\n\n{_BEFORE}\n"
        + _table("api_keys", ["`user_id` int unsigned NOT NULL", "`token` varchar(128) NOT NULL"], [key], 2)
        + _table(
            "users",
            [
                "`first_name` varchar(64) NOT NULL",
                "`last_name` varchar(64) NOT NULL",
                "`email` varchar(255) NOT NULL",
                "`password` varchar(60) NOT NULL",
            ],
            rows,
            begin + _ROWS,
        )
        + f"{_AFTER}\n-- Dump completed on {done}\n"
    )


def sql_dump_gz(maker: Maker) -> Content:
    """The same through gzip: without a time, as it writes what it reads from a pipe (RFC 1952 section 2.3)."""
    made = gzip.compress(sql_dump(maker).body, 6, mtime=0)
    return Content(200, "application/gzip", made[:8] + b"\x00\x03" + made[10:])  # made by the program, on Unix


def _content(text: str) -> Content:
    return Content(200, "application/sql", text.encode())


def _table(name: str, columns: list[str], rows: list[str], following: int) -> str:
    """Return the structure and the rows of a table; ``following`` is the number that the next row gets."""
    described = ",\n".join([f"  {column}" for column in ("`id` int unsigned NOT NULL AUTO_INCREMENT", *columns)])
    return (
        f"--\n-- Table structure for table `{name}`\n--\n\n"
        f"DROP TABLE IF EXISTS `{name}`;\n"
        "/*!40101 SET @saved_cs_client     = @@character_set_client */;\n"
        "/*!50503 SET character_set_client = utf8mb4 */;\n"
        f"CREATE TABLE `{name}` (\n{described},\n  PRIMARY KEY (`id`)\n"
        f") ENGINE=InnoDB AUTO_INCREMENT={following} DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;\n"
        "/*!40101 SET character_set_client = @saved_cs_client */;\n\n"
        f"--\n-- Dumping data for table `{name}`\n--\n\n"
        f"LOCK TABLES `{name}` WRITE;\n/*!40000 ALTER TABLE `{name}` DISABLE KEYS */;\n"
        f"INSERT INTO `{name}` VALUES {','.join(rows)};\n"
        f"/*!40000 ALTER TABLE `{name}` ENABLE KEYS */;\nUNLOCK TABLES;\n\n"
    )
